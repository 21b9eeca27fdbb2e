import type { FixFile, Gain, PlannedEdit, Refusal } from '../../model/planned-edit.ts';
import type { FixProof } from '../../model/verified-fix.ts';
import { jsonText } from '../json-text.ts';
import { fixProofJson } from './fix-proof-text.ts';

/** How a fix ended. */
interface FixOutcome {
  readonly applied: readonly PlannedEdit[];
  /** Edits that were not wanted, or whose risk is too high. */
  readonly left: readonly PlannedEdit[];
  readonly refusals: readonly Refusal[];
  readonly written: readonly { readonly name: string; readonly before: string | null }[];
  /** What those of `applied` are worth together; absent where that is not known. */
  readonly gain?: Gain;
  /** All edits of `applied` as one diff: a patch, where nothing is masked in it. */
  readonly diff: string;
  readonly isMasked: boolean;
  /** What building has shown. */
  readonly proof?: FixProof;
}

/** The outcome as JSON; edits without offsets, which hold only at one point of the composition. */
export function fixJson(
  { applied, left, refusals, written, gain, diff, isMasked, proof }: FixOutcome,
  {
    version,
    names,
  }: { readonly version: string; readonly names: Readonly<Record<FixFile, string>> },
): string {
  const shown = (edit: PlannedEdit): object => {
    const { id, rule, criterion, title, why, risk, riskReason, line, gain } = edit;
    return {
      id,
      rule,
      criterion,
      title,
      why,
      risk,
      riskReason,
      file: names[edit.file],
      line,
      gain,
    };
  };
  return jsonText({
    schemaVersion: '1',
    tool: { name: 'scoville', version },
    file: names.Dockerfile,
    edits: applied.map(shown),
    left: left.map(shown),
    refusals,
    written: written.map(({ name, before }) => ({ name, isNew: before === null })),
    ...(gain === undefined ? {} : { gain }),
    diff,
    masked: isMasked,
    ...(proof === undefined ? {} : { verified: fixProofJson(proof) }),
  });
}
