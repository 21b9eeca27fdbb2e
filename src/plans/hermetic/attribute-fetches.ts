import type { DockerfileModel } from '../../model/dockerfile.ts';

/** A step of a build that ran. Times are milliseconds since 1970. */
export interface RanStep {
  readonly name: string;
  readonly started: number;
  /** Undefined while it runs. */
  readonly ended: number | undefined;
}

/** Something that a RUN did, seen from outside. */
export interface Seen {
  readonly client: string;
  readonly at: number;
}

/** BuildKit starts the clock of a step a moment late, and stops it a moment early. */
const SLACK_MS = 20;

/**
 * The steps, by their place in the list, that may have done each thing. A RUN has one address while
 * it runs, and no two have the same at the same time; where that leaves several, all of them are
 * named.
 */
export function attribute(
  steps: readonly RanStep[],
  seen: readonly Seen[],
): readonly (readonly number[])[] {
  const possible = seen.map(({ at }) => running(steps, at));
  const clients = new Map<number, string>();
  const learn = (): boolean => {
    const before = clients.size;
    possible.forEach((found, i) => {
      const [only, second] = found;
      if (only !== undefined && second === undefined) clients.set(only, seen[i]?.client ?? '');
    });
    return clients.size > before;
  };
  while (learn())
    possible.forEach((found, i) => {
      if (found.length < 2) return;
      const client = seen[i]?.client;
      const known = found.filter((step) => clients.get(step) === client);
      const open = found.filter((step) => !clients.has(step));
      if (known.length > 0) possible[i] = known;
      else if (open.length > 0) possible[i] = open;
    });
  return possible;
}

function running(steps: readonly RanStep[], at: number): readonly number[] {
  const strict = within(steps, at, 0);
  return strict.length > 0 ? strict : within(steps, at, SLACK_MS);
}

function within(steps: readonly RanStep[], at: number, slack: number): readonly number[] {
  return steps.flatMap(({ started, ended }, i) =>
    started - slack <= at && (ended === undefined || at <= ended + slack) ? [i] : [],
  );
}

/** Where a step stands in the Dockerfile. */
export interface StepPlace {
  /** The stage's name, or `stage-N`. */
  readonly stage: string;
  /** Undefined where it is not known. */
  readonly line: number | undefined;
}

const COUNTED = new Set(['RUN', 'COPY', 'ADD', 'WORKDIR']);

/** Reads BuildKit's name of a RUN, `[build 2/5] RUN ...`; undefined for any other step. */
export function placeOf(name: string, model: DockerfileModel): StepPlace | undefined {
  const [, named, number = '', total = ''] =
    /^\[(?:[a-z]+\/[a-z0-9_/.]+ )?(?:(\S+) +)?(\d+)\/(\d+)\] RUN\b/.exec(name) ?? [];
  if (number === '') return undefined;
  const index =
    named === undefined
      ? model.target
      : (model.stages.find((stage) => stage.name?.toLowerCase() === named.toLowerCase())?.index ??
        Number(/^stage-(\d+)$/.exec(named)?.[1] ?? Number.NaN));
  const stage = model.stages[index];
  const counted = stage?.instructions.filter(({ keyword }) => COUNTED.has(keyword)) ?? [];
  // Triggers of a base image count too, and stand in no line.
  const isCounted = counted.length + 1 === Number(total);
  return {
    stage: stageName(model, index) ?? named ?? '',
    line: isCounted ? counted[Number(number) - 2]?.range.startLine : undefined,
  };
}

function stageName(model: DockerfileModel, index: number): string | undefined {
  const stage = model.stages[index];
  return stage === undefined ? undefined : (stage.name ?? `stage-${index}`);
}
