import { CATALOGUE } from '../criteria/catalogue.ts';
import { codeReads } from '../criteria/code-reads.ts';
import { EVIDENCE_LIMIT } from '../criteria/criterion.ts';
import { pinnedPackages } from '../criteria/pinned-packages.ts';
import { gainsOf, type LastResult } from '../criteria/score.ts';
import { verifiedDownloads } from '../criteria/verified-downloads.ts';
import { applyEdits, type ReadForEdits, readForEdits } from '../dockerfile/analyse-dockerfile.ts';
import type { LineError } from '../dockerfile/logical-lines.ts';
import { ok, type Result } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { lintDockerfile, readToLint } from '../lint/lint.ts';
import { isMet } from '../model/criterion.ts';
import type { BuildContext } from '../model/dockerfile.ts';
import { type DeclarationsFact, type Facts, known, unknownFact } from '../model/facts.ts';
import type {
  FixFacts,
  FixOptions,
  FixRule,
  Gain,
  PlannedEdit,
  ProposedEdit,
  Refusal,
} from '../model/fix.ts';

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

type ReadBy = Pick<FixInputs, 'buildArgs' | 'target' | 'context'>;

/** What was read last with these build arguments: an edit is tried, and then planned upon. */
const lastRead = new WeakMap<
  FixInputs['buildArgs'],
  Omit<ReadBy, 'buildArgs'> & { text: string; result: Result<ReadForEdits, LineError> }
>();

/** Reads a Dockerfile as rules do. */
export function readFixFile(text: string, by: ReadBy): Result<ReadForEdits, LineError> {
  const { buildArgs, target, context } = by;
  const last = lastRead.get(buildArgs);
  if (last?.text === text && last.target === target && last.context === context) return last.result;
  const result = readForEdits(text, { buildArgs, ...given({ target }) }, context);
  lastRead.set(buildArgs, { text, result, context, ...given({ target }) });
  return result;
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
    code: () => codeReads(around.context),
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

type Decision = 'apply' | 'skip' | 'stop';

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
  for (let now = files, plan = planEdits(now, around); ;) {
    if (!plan.ok) return plan;
    const { edits, refusals } = plan.value;
    const left = edits.filter(({ id }) => !decided.has(id));
    const done = (rest: readonly PlannedEdit[]): Result<AppliedFixes, LineError> =>
      ok({
        files: now,
        applied,
        skipped: [...skipped, ...rest],
        refusals: [...refusals, ...failed],
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
      plan = planEdits(now, around);
      applied.push(edit);
    }
  }
}

const WITHOUT_BUILD: ReadonlySet<keyof Facts> = new Set(['build', 'declarations']);

/** Criteria that a Dockerfile decides. It shows others in part: finding nothing proves nothing. */
const SHOWN_WHOLE: readonly string[] = CATALOGUE.filter(
  ({ id, needs }) => id === 'nonroot-user' || needs.every((name) => WITHOUT_BUILD.has(name)),
).map(({ id }) => id);
/** Of these the ones that its commands decide: such a command may not be read. */
const OF_COMMANDS = [pinnedPackages, verifiedDownloads];

interface Judging {
  readonly files: FixFiles;
  readonly around: Pick<FixInputs, 'buildArgs' | 'target' | 'context'>;
  readonly declarations: DeclarationsFact;
  /** Outcomes of the last build of this Dockerfile. */
  readonly scored: readonly LastResult[] | undefined;
}

/** Gain of each edit alone and of several together; undefined where nothing is met. */
export interface Gains {
  readonly of: (id: string) => Gain | undefined;
  /**
   * Each criterion counts once, and only with all the edits that it needs. `dockerfile`: the result
   * of the edits, with those that only others made possible.
   */
  readonly together: (ids: ReadonlySet<string>, dockerfile?: string) => Gain | undefined;
}

/** Whether a Dockerfile falls short of a criterion, as far as it shows. */
type Short = (criterion: string) => boolean;

function shortOf(text: string, { around, declarations }: Judging): Short {
  const { buildArgs, target, context } = around;
  const file = { name: 'Dockerfile', text, buildArgs, context, declarations };
  const about = { ...file, ...given({ target }) };
  const read = readToLint(about);
  const short = new Set(lintDockerfile(about, read).findings.map(({ rule }) => rule));
  if (!read.ok) return (criterion) => short.has(criterion);
  const { model, analysis } = read.value;
  const fact = { dockerfile: known(model, 'dockerfile'), images: unknownFact(''), analysis };
  // They ask for nothing else.
  const facts = { build: known(fact, 'dockerfile') } as unknown as Facts;
  for (const { id, judge } of OF_COMMANDS)
    if (isMet(judge(facts).outcome)) short.delete(id);
    else short.add(id);
  return (criterion) => short.has(criterion);
}

/** True where the edits leave nothing of what the last build found. */
function isCleared({ id, evidence = [] }: LastResult, group: readonly PlannedEdit[]): boolean {
  const found = evidence.filter(({ kind }) => kind !== 'note');
  // More was found than is listed.
  if (found.length === 0 || evidence.length > EVIDENCE_LIMIT) return false;
  const edits = group.filter(({ criterion }) => criterion === id);
  return found.every((one) => edits.some(({ clears }) => clears?.(one) === true));
}

/** Criteria that are met then and were not, and the other way round. */
interface Effect {
  readonly met: readonly string[];
  readonly lost: readonly string[];
}

/**
 * Gain of edits: the criteria that are then met and were not, less those that are no longer. The
 * Dockerfile, or what is known of an edit, shows it. Grade and level are those of the last build
 * with that change; without one, the points alone.
 */
export function fixGains(edits: readonly PlannedEdit[], judging: Judging): Gains {
  const { scored, files } = judging;
  const looked = new Map<string, Short>();
  const shortIn = (text: string): Short => {
    const short = looked.get(text) ?? shortOf(text, judging);
    looked.set(text, short);
    return short;
  };
  const before = shortIn(files.dockerfile);
  const wasMet = new Map(scored?.map(({ id, outcome }) => [id, isMet(outcome)]));
  const isOpen = (id: string): boolean => scored === undefined || wasMet.get(id) === false;
  const isHeld = (id: string): boolean => scored === undefined || wasMet.get(id) !== false;
  const shown = (text: string): Effect => {
    const after = shortIn(text);
    return {
      met: SHOWN_WHOLE.filter((id) => before(id) && !after(id) && isOpen(id)),
      lost: SHOWN_WHOLE.filter((id) => !before(id) && after(id) && isHeld(id)),
    };
  };
  const effectWith = (group: readonly PlannedEdit[], after: string | undefined): Effect => {
    const { met, lost } = after === undefined ? { met: [], lost: [] } : shown(after);
    // Without a build, what the Dockerfile shows and what an edit is for are known to be open.
    const served = group.flatMap(({ meets = [], criterion }) =>
      meets.filter((id) => scored !== undefined || id === criterion || before(id)),
    );
    const cleared = (scored ?? []).filter((one) => isCleared(one, group)).map(({ id }) => id);
    return { met: [...new Set([...met, ...[...served, ...cleared].filter(isOpen)])], lost };
  };
  /** Each plan asks for all edits again. */
  const known = new Map<string, Effect>();
  const effectOf = (group: readonly PlannedEdit[]): Effect => {
    const key = group.map(({ id }) => id).join(' ');
    const own = group.filter(({ file }) => file === 'Dockerfile').flatMap((edit) => edit.edits);
    const after =
      known.has(key) || own.length === 0 ? undefined : applyEdits(files.dockerfile, own);
    const found = known.get(key) ?? effectWith(group, after?.ok === true ? after.value : undefined);
    known.set(key, found);
    return found;
  };
  const worth = ({ met, lost }: Effect, together: readonly string[]): Gain | undefined => {
    if (met.length === 0) return undefined;
    if (scored === undefined) return { points: met.length - lost.length, criteria: met, together };
    const now = gainsOf(scored, []);
    const { points, grade, level } = gainsOf(scored, met, lost);
    return {
      points,
      ...(grade === now.grade ? {} : { grade }),
      ...(level === now.level ? {} : { level }),
      criteria: met,
      together,
    };
  };
  return {
    of: (id) => {
      const edit = edits.find((one) => one.id === id);
      if (edit === undefined) return undefined;
      const alone = effectOf([edit]);
      const { criterion = '' } = edit;
      // All edits of its criterion, where only all of them together meet it.
      const group = edits.filter((one) => one.criterion === criterion);
      const isShared =
        !alone.met.includes(criterion) &&
        group.length > 1 &&
        effectOf(group).met.includes(criterion);
      return isShared
        ? worth(
            { ...alone, met: [criterion, ...alone.met] },
            group.map((one) => one.id).filter((one) => one !== id),
          )
        : worth(alone, []);
    },
    together: (ids, dockerfile) => {
      const chosen = edits.filter((edit) => ids.has(edit.id));
      const all = dockerfile === undefined ? effectOf(chosen) : effectWith(chosen, dockerfile);
      // Edits of one place do not compose here: each then counts alone.
      const met = new Set([...all.met, ...chosen.flatMap((edit) => effectOf([edit]).met)]);
      return worth({ met: [...met], lost: all.lost.filter((id) => !met.has(id)) }, []);
    },
  };
}
