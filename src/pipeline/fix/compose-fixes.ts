import { applyEdits } from '../../dockerfile/apply-edits.ts';
import type { LineError } from '../../dockerfile/logical-lines.ts';
import { type ReadForEdits, readForEdits } from '../../dockerfile/read-for-edits.ts';
import type { BuildContext } from '../../model/build-context.ts';
import type { FixFacts, FixOptions, FixRule } from '../../model/fix-rule.ts';
import type { PlannedEdit, ProposedEdit, Refusal } from '../../model/planned-edit.ts';
import { ok, type Result } from '../../model/result.ts';

/** The files that edits go to; `ignoreFile` is undefined where there is none. */
export interface FixFiles {
  readonly dockerfile: string;
  readonly ignoreFile: string | undefined;
}

/** All that a plan depends on besides the files. */
export interface FixInputs {
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly context?: BuildContext | undefined;
  readonly facts: Omit<FixFacts, 'ignoreFile'>;
  readonly options: FixOptions;
  readonly rules: readonly FixRule[];
  /** Says what each edit is worth. */
  readonly withGains?: (edits: readonly PlannedEdit[]) => readonly PlannedEdit[];
}

interface PlannedFixes {
  readonly edits: readonly PlannedEdit[];
  readonly refusals: readonly Refusal[];
}

/** Reads a Dockerfile as rules do. */
export function readFixFile(
  text: string,
  { buildArgs, target, context }: Pick<FixInputs, 'buildArgs' | 'target' | 'context'>,
): Result<ReadForEdits, LineError> {
  const options = { buildArgs, ...(target === undefined ? {} : { target }) };
  return readForEdits(text, options, context);
}

/** True where a comment with a reason ignores the rule, its criterion or lint rule on this line. */
function isIgnored({ ignored }: ReadForEdits, rule: FixRule, line: number): boolean {
  const ids = [rule.id, rule.criterion, rule.lint];
  return ignored.some(
    (comment) =>
      comment.ids.some((id) => ids.includes(id)) &&
      (comment.lines === undefined || (line >= comment.lines.first && line <= comment.lines.last)),
  );
}

/** Proposals of one rule with the same key are one edit. */
function merged(rule: FixRule, proposals: readonly ProposedEdit[]): readonly PlannedEdit[] {
  const byId = new Map<string, PlannedEdit>();
  for (const proposal of proposals) {
    const id = `${rule.id}:${proposal.key}`;
    const before = byId.get(id);
    const criterion = proposal.criterion ?? rule.criterion;
    byId.set(id, {
      ...(before ?? proposal),
      ...(criterion === undefined ? {} : { criterion }),
      id,
      rule: rule.id,
      edits: [...(before?.edits ?? []), ...proposal.edits],
    });
  }
  return [...byId.values()];
}

/** What the rules propose for the files and what they leave alone. The error names the line. */
export function planEdits(files: FixFiles, around: FixInputs): Result<PlannedFixes, LineError> {
  const read = readFixFile(files.dockerfile, around);
  if (!read.ok) return read;
  const input = {
    ...read.value,
    facts: { ...around.facts, ignoreFile: files.ignoreFile },
    givenArguments: Object.keys(around.buildArgs),
    contextFile: (path: string) => around.context?.text(path),
    options: around.options,
  };
  const plans = around.rules.map((rule) => {
    const { edits, refusals } = rule.plan(input);
    const heard = ({ line }: { readonly line: number }): boolean =>
      !isIgnored(read.value, rule, line);
    const criterion = rule.criterion === undefined ? {} : { criterion: rule.criterion };
    return {
      edits: merged(rule, edits.filter(heard)),
      refusals: refusals.filter(heard).map((one) => ({ ...one, ...criterion, rule: rule.id })),
    };
  });
  const edits = plans.flatMap((plan) => plan.edits);
  return ok({
    edits: around.withGains?.(edits) ?? edits,
    refusals: plans.flatMap(({ refusals }) => refusals),
  });
}

/** The files with one edit applied. An error if parts overlap or the result is not a Dockerfile. */
export function applyEdit(files: FixFiles, edit: PlannedEdit, around: FixInputs): Result<FixFiles> {
  if (edit.file === '.dockerignore') {
    const text = applyEdits(files.ignoreFile ?? '', edit.edits);
    return text.ok ? ok({ ...files, ignoreFile: text.value }) : text;
  }
  const text = applyEdits(files.dockerfile, edit.edits);
  if (!text.ok) return text;
  const read = readFixFile(text.value, around);
  return read.ok
    ? ok({ ...files, dockerfile: text.value })
    : { ok: false, error: `line ${read.error.line} would not be read: ${read.error.message}` };
}

export type Decision = 'apply' | 'skip' | 'stop';

export interface AppliedFixes {
  readonly files: FixFiles;
  readonly applied: readonly PlannedEdit[];
  /** Those that were decided against, or that could not be applied. */
  readonly skipped: readonly PlannedEdit[];
  readonly refusals: readonly Refusal[];
}

/**
 * Applies what `decide` says yes to, one edit at a time: after each the files are read and planned
 * again, so that edits of the same line compose. An edit is decided on once. The error names the
 * line that keeps the Dockerfile from being read.
 */
export async function applyDecided(
  files: FixFiles,
  around: FixInputs,
  decide: (edit: PlannedEdit, files: FixFiles, after: FixFiles) => Decision | Promise<Decision>,
): Promise<Result<AppliedFixes, LineError>> {
  const decided = new Set<string>();
  const applied: PlannedEdit[] = [];
  const skipped: PlannedEdit[] = [];
  const failed: Refusal[] = [];
  for (let now = files; ;) {
    const plan = planEdits(now, around);
    if (!plan.ok) return plan;
    const left = plan.value.edits.filter(({ id }) => !decided.has(id));
    const done = (rest: readonly PlannedEdit[]): Result<AppliedFixes, LineError> =>
      ok({
        files: now,
        applied,
        skipped: [...skipped, ...rest],
        refusals: [...plan.value.refusals, ...failed],
      });
    const [edit] = left;
    if (edit === undefined) return done([]);
    decided.add(edit.id);
    const after = applyEdit(now, edit, around);
    if (!after.ok) {
      const { rule, line } = edit;
      failed.push({ rule, line, reason: `${edit.id} cannot be applied: ${after.error}` });
      skipped.push(edit);
      continue;
    }
    const decision = await decide(edit, now, after.value);
    if (decision === 'stop') return done(left);
    if (decision === 'skip') skipped.push(edit);
    else {
      now = after.value;
      applied.push(edit);
    }
  }
}
