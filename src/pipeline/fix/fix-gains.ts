import { applyEdits } from '../../dockerfile/apply-edits.ts';
import type { Scored } from '../../grading/score.ts';
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

/** What edits are worth, each by itself and several together; undefined where nothing is met. */
export interface Gains {
  readonly of: (id: string) => Gain | undefined;
  /**
   * Each criterion counts once, and only with all the edits that it needs. `dockerfile`: the result
   * of the edits, with those that only others made possible.
   */
  readonly together: (ids: ReadonlySet<string>, dockerfile?: string) => Gain | undefined;
}

type Count = (criterion: string) => number;

/** How often a Dockerfile falls short of each criterion, as far as it shows. */
function findings(text: string, { around, declarations }: Judging): Count {
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

/** Criteria that are met then and were not, and the other way round. */
interface Effect {
  readonly met: readonly string[];
  readonly lost: readonly string[];
}

/**
 * What edits are worth: all criteria that are then met and were not, as far as the Dockerfile, or
 * what is known of an edit, shows; less those that are no longer. Grade and level are those of the
 * last build with that change; without one, the points alone.
 */
export function fixGains(edits: readonly PlannedEdit[], judging: Judging): Gains {
  const { scored, files } = judging;
  const before = findings(files.dockerfile, judging);
  const wasMet = new Map(scored?.map(({ id, outcome }) => [id, isMet(outcome)]));
  const isOpen = (id: string): boolean => scored === undefined || wasMet.get(id) === false;
  const shown = (text: string): Effect => {
    const after = findings(text, judging);
    return {
      met: SHOWN_WHOLE.filter((id) => before(id) > 0 && after(id) === 0 && isOpen(id)),
      lost: SHOWN_WHOLE.filter(
        (id) => before(id) === 0 && after(id) > 0 && (scored === undefined || !isOpen(id)),
      ),
    };
  };
  const effectOf = (group: readonly PlannedEdit[]): Effect => {
    const own = group.filter(({ file }) => file === 'Dockerfile').flatMap((edit) => edit.edits);
    const after = applyEdits(files.dockerfile, own);
    const { met, lost } = own.length > 0 && after.ok ? shown(after.value) : { met: [], lost: [] };
    // Without a build, what the Dockerfile shows and what an edit is for are known to be open.
    const served = group.flatMap(({ meets = [], criterion }) =>
      meets.filter((id) => scored !== undefined || id === criterion || before(id) > 0),
    );
    return { met: [...new Set([...met, ...served.filter(isOpen)])], lost };
  };
  const alone = new Map(edits.map((edit) => [edit.id, effectOf([edit])]));
  /** The edits that an edit's criterion needs besides it, where all of them together meet it. */
  const partners = (edit: PlannedEdit): readonly string[] => {
    const { criterion } = edit;
    if (criterion === undefined || alone.get(edit.id)?.met.includes(criterion) === true) return [];
    const group = edits.filter((one) => one.criterion === criterion);
    const isMetByAll = group.length > 1 && effectOf(group).met.includes(criterion);
    return isMetByAll ? group.map(({ id }) => id).filter((id) => id !== edit.id) : [];
  };
  const needed = new Map(edits.map((edit) => [edit.id, partners(edit)]));
  const worth = (met: readonly string[], lost: readonly string[], together: readonly string[]) => {
    if (met.length === 0) return undefined;
    const criteria = [...met];
    if (scored === undefined) return { points: met.length - lost.length, criteria, together };
    const now = gainsOf(scored, []);
    const { points, grade, level } = gainsOf(scored, met, lost);
    return {
      points,
      ...(grade === now.grade ? {} : { grade }),
      ...(level === now.level ? {} : { level }),
      criteria,
      together,
    };
  };
  return {
    of: (id) => {
      const edit = edits.find((one) => one.id === id);
      const effect = alone.get(id);
      if (edit === undefined || effect === undefined) return undefined;
      const together = needed.get(id) ?? [];
      const shared = together.length > 0 && edit.criterion !== undefined ? [edit.criterion] : [];
      return worth([...shared, ...effect.met], effect.lost, together);
    },
    together: (ids, dockerfile) => {
      const chosen = edits.filter(({ id }) => ids.has(id));
      const after = dockerfile === undefined ? undefined : shown(dockerfile);
      const met = new Set([
        ...chosen.flatMap(({ id }) => alone.get(id)?.met ?? []),
        ...(after?.met ?? []),
      ]);
      for (const { id, criterion } of chosen) {
        const others = needed.get(id) ?? [];
        if (criterion !== undefined && others.length > 0 && others.every((one) => ids.has(one)))
          met.add(criterion);
      }
      const lost = after?.lost ?? chosen.flatMap(({ id }) => alone.get(id)?.lost ?? []);
      return worth(
        [...met],
        [...new Set(lost)].filter((id) => !met.has(id)),
        [],
      );
    },
  };
}
