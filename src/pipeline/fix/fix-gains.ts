import { applyEdits } from '../../dockerfile/apply-edits.ts';
import { type Scored } from '../../grading/score.ts';
import { gainsOf } from '../../grading/suggestions.ts';
import { isMet } from '../../model/criterion.ts';
import type { DeclarationsFact, Facts } from '../../model/facts.ts';
import type { Gain, PlannedEdit } from '../../model/planned-edit.ts';
import { CATALOGUE } from '../../rules/verdicts.ts';
import { lintDockerfile } from '../lint/lint-dockerfile.ts';
import type { FixFiles, FixInputs } from './compose-fixes.ts';

/** Facts that a Dockerfile gives without a build. */
const WITHOUT_BUILD: ReadonlySet<keyof Facts> = new Set(['build', 'declarations']);

/** Criteria that a Dockerfile decides. It shows others in part: finding nothing proves nothing. */
const SHOWN_WHOLE: readonly string[] = CATALOGUE.filter(
  ({ id, needs }) => id === 'nonroot-user' || needs.every((name) => WITHOUT_BUILD.has(name)),
).map(({ id }) => id);

interface Judging {
  readonly files: FixFiles;
  readonly around: Pick<FixInputs, 'buildArgs' | 'target' | 'context'>;
  readonly declarations: DeclarationsFact;
  /** Outcomes of the last build of this Dockerfile. */
  readonly scored: readonly Scored[] | undefined;
}

/** What edits are worth, each by itself and several together. */
export interface Gains {
  /** Undefined where nothing is known to be met by it. */
  readonly of: (id: string) => Gain | undefined;
  /**
   * Each criterion counts once, however many edits serve it; one that needs several edits counts
   * where all are there. With `dockerfile`, what came of them, that decides on what it shows: it
   * has those edits too that only others made possible.
   */
  readonly together: (ids: ReadonlySet<string>, dockerfile?: string) => Gain | undefined;
}

/** What an edit does to criteria. */
interface Effect {
  /** Met by this edit alone. */
  readonly met: readonly string[];
  /** Met before, and no longer. */
  readonly lost: readonly string[];
  /** Its own criterion, where several edits are needed for it. */
  readonly shared?: { readonly criterion: string; readonly ids: readonly string[] };
}

/** How often a Dockerfile falls short of each criterion, as far as it shows. */
function findings(text: string, { around, declarations }: Judging): (criterion: string) => number {
  const { buildArgs, target, context } = around;
  const linted = lintDockerfile({
    name: 'Dockerfile',
    text,
    buildArgs,
    context,
    declarations,
    ...(target === undefined ? {} : { target }),
  });
  return (criterion) => linted.findings.filter(({ rule }) => rule === criterion).length;
}

/** Findings after edits; undefined if they leave the Dockerfile as is or cannot apply at once. */
function findingsAfter(
  edits: readonly PlannedEdit[],
  judging: Judging,
): ((criterion: string) => number) | undefined {
  const own = edits.filter(({ file }) => file === 'Dockerfile').flatMap((edit) => edit.edits);
  if (own.length === 0) return undefined;
  const after = applyEdits(judging.files.dockerfile, own);
  return after.ok ? findings(after.value, judging) : undefined;
}

/** What the last build and two states of a Dockerfile tell of criteria. */
class Outcomes {
  readonly #scored: readonly Scored[] | undefined;
  readonly before: (criterion: string) => number;

  constructor(judging: Judging) {
    this.#scored = judging.scored;
    this.before = findings(judging.files.dockerfile, judging);
  }

  isKnown(id: string): boolean {
    return this.#scored?.some((one) => one.id === id) === true;
  }

  /** Not met, as far as it is known; what a build has not judged is not. */
  isOpen(id: string): boolean {
    if (this.#scored === undefined) return true;
    const last = this.#scored.find((one) => one.id === id);
    return last !== undefined && !isMet(last.outcome);
  }

  /** Criteria that a later state of the Dockerfile shows to be met, and were not. */
  met(after: ((criterion: string) => number) | undefined): readonly string[] {
    return shownWhole(after, (id, found) => this.before(id) > 0 && found === 0 && this.isOpen(id));
  }

  /** Criteria that it shows not to be met, and that were. */
  lost(after: ((criterion: string) => number) | undefined): readonly string[] {
    const wasMet = (id: string): boolean => this.#scored === undefined || !this.isOpen(id);
    return shownWhole(after, (id, found) => this.before(id) === 0 && found > 0 && wasMet(id));
  }
}

/**
 * Those criteria that a Dockerfile decides for which `isSo` holds with the later findings; none
 * where nothing is known of it.
 */
function shownWhole(
  after: ((criterion: string) => number) | undefined,
  isSo: (id: string, found: number) => boolean,
): readonly string[] {
  return after === undefined ? [] : SHOWN_WHOLE.filter((id) => isSo(id, after(id)));
}

function effects(
  edits: readonly PlannedEdit[],
  outcomes: Outcomes,
  judging: Judging,
): ReadonlyMap<string, Effect> {
  const met = (group: readonly PlannedEdit[]): readonly string[] => {
    // Without a build it is known of what the Dockerfile shows, and of what an edit is for, that it
    // is not met.
    const served = group.flatMap(({ meets = [], criterion }) =>
      meets.filter((id) => outcomes.isKnown(id) || id === criterion || outcomes.before(id) > 0),
    );
    const open = served.filter((id) => outcomes.isOpen(id));
    return [...new Set([...outcomes.met(findingsAfter(group, judging)), ...open])];
  };
  return new Map(
    edits.map((edit): [string, Effect] => {
      const { id, criterion } = edit;
      const alone = { met: met([edit]), lost: outcomes.lost(findingsAfter([edit], judging)) };
      if (criterion === undefined || alone.met.includes(criterion)) return [id, alone];
      const group = edits.filter((one) => one.criterion === criterion);
      if (group.length === 1 || !met(group).includes(criterion)) return [id, alone];
      return [id, { ...alone, shared: { criterion, ids: group.map((one) => one.id) } }];
    }),
  );
}

/**
 * What edits are worth: all criteria that are then met and were not, as far as the Dockerfile, or
 * what is known of an edit, shows; less those that are no longer. Grade and level are those of the
 * last build with that change; without one, the points alone.
 */
export function fixGains(edits: readonly PlannedEdit[], judging: Judging): Gains {
  const { scored } = judging;
  const outcomes = new Outcomes(judging);
  const known = effects(edits, outcomes, judging);
  const worth = (
    criteria: readonly string[],
    lost: readonly string[],
    together: readonly string[],
  ): Gain | undefined => {
    if (criteria.length === 0) return undefined;
    if (scored === undefined) return { points: criteria.length - lost.length, criteria, together };
    const before = gainsOf(scored, []);
    const { points, grade, level } = gainsOf(scored, criteria, lost);
    return {
      points,
      ...(grade === before.grade ? {} : { grade }),
      ...(level === before.level ? {} : { level }),
      criteria,
      together,
    };
  };
  return {
    of: (id) => {
      const effect = known.get(id);
      if (effect === undefined) return undefined;
      const { met, lost, shared } = effect;
      if (shared === undefined) return worth(met, lost, []);
      const others = shared.ids.filter((one) => one !== id);
      return worth([shared.criterion, ...met], lost, others);
    },
    together: (ids, dockerfile) => {
      const all = [...ids].flatMap((id) => known.get(id) ?? []);
      const after = dockerfile === undefined ? undefined : findings(dockerfile, judging);
      const met = new Set([...all.flatMap((effect) => effect.met), ...outcomes.met(after)]);
      for (const { shared } of all)
        if (shared?.ids.every((id) => ids.has(id)) === true) met.add(shared.criterion);
      const lost =
        after === undefined ? all.flatMap((effect) => effect.lost) : outcomes.lost(after);
      return worth(
        [...met],
        [...new Set(lost)].filter((id) => !met.has(id)),
        [],
      );
    },
  };
}
