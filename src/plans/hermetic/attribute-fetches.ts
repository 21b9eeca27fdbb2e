import type { DockerfileModel } from '../../model/dockerfile.ts';
import { HERMETIC_CONTEXT } from './inject-hermetic.ts';

/** A step of a build that ran. Times are milliseconds since 1970. */
export interface RanStep {
  readonly name: string;
  readonly started: number;
  /** Undefined while it runs. */
  readonly ended: number | undefined;
}

/** Something that a RUN did, seen from outside. */
export interface Seen {
  readonly at: number;
  /** Line where the RUN begins, where it has named itself: all but an exec form do. */
  readonly run?: number | undefined;
}

/** BuildKit starts the clock of a step a moment late, and stops it a moment early. */
const SLACK_MS = 20;

/** The steps, by their place in the list, that ran at a time, in milliseconds since 1970. */
export function ranAt(steps: readonly RanStep[], at: number): readonly number[] {
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

/** A step's stage as BuildKit names it, its number, and how many there are. */
const NUMBERED = /^\[(?:[a-z]+\/[a-z0-9_/.]+ )?(?:(\S+) +)?(\d+)\/(\d+)\] /;

/** The highest numbers of steps, by stage. */
export type StepNumbers = ReadonlyMap<string, number>;

/** Notes the number of a step of that name. */
export function noteNumber(numbers: Map<string, number>, name: string): void {
  const [, stage = '', ...counts] = NUMBERED.exec(name) ?? [];
  if (counts.length > 0)
    numbers.set(stage, Math.max(numbers.get(stage) ?? 0, ...counts.map(Number)));
}

/**
 * Reads BuildKit's name of a RUN, `[build 2/5] RUN ...`; undefined for any other step. ONBUILD
 * steps of the base come first in a stage: numbers count them, the total of older versions does
 * not, and FROM is their line.
 */
export function placeOf(
  name: string,
  model: DockerfileModel,
  highest: StepNumbers,
): StepPlace | undefined {
  const [start = '', named, number = ''] = NUMBERED.exec(name) ?? [];
  if (number === '' || !isRun(name.slice(start.length - 2))) return undefined;
  const index =
    named === undefined
      ? model.target
      : (model.stages.find((stage) => stage.name?.toLowerCase() === named.toLowerCase())?.index ??
        Number(/^stage-(\d+)$/.exec(named)?.[1] ?? Number.NaN));
  const stage = model.stages[index];
  const counted = stage?.instructions.filter(({ keyword }) => COUNTED.has(keyword)) ?? [];
  const first = (highest.get(named ?? '') ?? Number.NaN) - counted.length + 1;
  const at = Number(number) - first;
  return {
    stage: stageName(model, index) ?? named ?? '',
    line: (at < 0 ? stage : counted[at])?.range.startLine,
  };
}

/** Where a RUN is that begins on this line; undefined where none does. */
export function placeOfRun(line: number, model: DockerfileModel): StepPlace | undefined {
  const index = model.stages.findIndex(({ instructions }) =>
    instructions.some(({ keyword, range }) => keyword === 'RUN' && range.startLine === line),
  );
  return index < 0 ? undefined : { stage: stageName(model, index) ?? '', line };
}

/** Whether BuildKit's name is of a RUN; newer versions say ONBUILD of one that the base brings. */
export function isRun(name: string): boolean {
  return /\] (?:ONBUILD )?RUN\b/.test(name);
}

/**
 * Whether a RUN that ran is none of the Dockerfile that was sent: an ONBUILD step of a base image.
 */
export function isTrigger(name: string): boolean {
  return !name.includes(`from=${HERMETIC_CONTEXT},`);
}

function stageName(model: DockerfileModel, index: number): string | undefined {
  const stage = model.stages[index];
  return stage === undefined ? undefined : (stage.name ?? `stage-${index}`);
}
