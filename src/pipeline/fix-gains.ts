import { applyEdits } from '../dockerfile/apply-edits.ts';
import { isMet, type Scored } from '../grading/score.ts';
import { gainsOf } from '../grading/suggestions.ts';
import type { DeclarationsFact } from '../model/facts.ts';
import type { Gain, PlannedEdit } from '../model/planned-edit.ts';
import type { FixFiles, FixSurroundings } from './compose-fixes.ts';
import { DOCKERFILE_CRITERIA } from './lint-catalogue.ts';
import { lintDockerfile } from './lint-dockerfile.ts';

/** Criteria that a Dockerfile decides: of others it shows a part, and finding nothing there proves nothing. */
const SHOWN_WHOLE: ReadonlySet<string> = new Set([
  ...DOCKERFILE_CRITERIA.map(({ id }) => id),
  'nonroot-user',
]);

interface Judging {
  readonly files: FixFiles;
  readonly around: Pick<FixSurroundings, 'buildArgs' | 'target' | 'contextFile' | 'rules'>;
  readonly declarations: DeclarationsFact;
  /** Outcomes of the last build of this Dockerfile. */
  readonly scored: readonly Scored[] | undefined;
}

/** How often a Dockerfile falls short of a criterion, as far as it shows. */
function findings(text: string, criterion: string, { around, declarations }: Judging): number {
  const { buildArgs, target, contextFile } = around;
  const linted = lintDockerfile({
    name: 'Dockerfile',
    text,
    buildArgs,
    contextFile,
    declarations,
    ...(target === undefined ? {} : { target }),
  });
  return linted.findings.filter(({ rule }) => rule === criterion).length;
}

/** True where a criterion is met once these edits are applied: the Dockerfile shows it, or one of their rules is known to be enough. */
function isMended(criterion: string, edits: readonly PlannedEdit[], judging: Judging): boolean {
  const { files, around } = judging;
  const rules = new Set(edits.map(({ rule }) => rule));
  if (around.rules.some(({ id, suffices }) => suffices === true && rules.has(id))) return true;
  if (!SHOWN_WHOLE.has(criterion)) return false;
  const own = edits.filter(({ file }) => file === 'Dockerfile').flatMap((edit) => edit.edits);
  const after = applyEdits(files.dockerfile, own);
  if (!after.ok || own.length === 0) return false;
  return (
    findings(files.dockerfile, criterion, judging) > 0 &&
    findings(after.value, criterion, judging) === 0
  );
}

/**
 * What each edit is worth, by its id: the gain of its criterion, where all edits for it together meet it. Grade and level
 * are those of the last build with that one change; without one, the point alone. Never told where it is not known.
 */
export function fixGains(
  edits: readonly PlannedEdit[],
  judging: Judging,
): ReadonlyMap<string, Gain> {
  const gains = new Map<string, Gain>();
  const criteria = new Set(edits.flatMap(({ criterion }) => criterion ?? []));
  for (const criterion of criteria) {
    const own = edits.filter((edit) => edit.criterion === criterion);
    const before = judging.scored?.find(({ id }) => id === criterion);
    if (before !== undefined && isMet(before.outcome)) continue;
    if (!isMended(criterion, own, judging)) continue;
    const worth =
      judging.scored === undefined || before === undefined
        ? { points: 1 }
        : gainsOf(judging.scored, criterion);
    for (const { id } of own)
      gains.set(id, { ...worth, together: own.map((one) => one.id).filter((one) => one !== id) });
  }
  return gains;
}
