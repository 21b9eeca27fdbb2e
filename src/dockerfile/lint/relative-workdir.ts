import type { DockerfileModel, Stage } from '../../model/dockerfile.ts';
import type { OwnRule, RuleFinding } from './rule.ts';

/** From the root, of a drive too, or by a variable. */
const ABSOLUTE = /^["']?(?:[/\\$%]|[A-Za-z]:[/\\])/;

/** True where a stage below this one sets a WORKDIR. */
function isPlaced(stage: Stage, { stages }: DockerfileModel): boolean {
  for (let at = stage; at.base.kind === 'stage';) {
    const below = stages[at.base.index];
    if (below === undefined || below.index >= at.index) return false;
    if (below.instructions.some(({ keyword }) => keyword === 'WORKDIR')) return true;
    at = below;
  }
  return false;
}

/** Only the first WORKDIR can hang in the air. */
function judge(stage: Stage, model: DockerfileModel): readonly RuleFinding[] {
  const first = stage.instructions.find(({ keyword }) => keyword === 'WORKDIR');
  if (first === undefined || isPlaced(stage, model)) return [];
  const { range, rawArguments } = first;
  if (rawArguments === '' || ABSOLUTE.test(rawArguments)) return [];
  const message = `${rawArguments} is below whatever folder the base image works in`;
  return [{ range, message, word: rawArguments }];
}

export const relativeWorkdir: OwnRule = {
  id: 'relative-workdir',
  title: 'Working directories that say where they are',
  level: 'warning',
  help: 'A relative WORKDIR with none before it, in the stage or those it stands on: where it leads is up to the base image, and may change with it.',
  remedy: 'Begin with an absolute WORKDIR',
  bad: 'FROM alpine:3.22\nWORKDIR app\n',
  good: 'FROM alpine:3.22\nWORKDIR /app\nWORKDIR data\n',
  check: ({ model, stages }) => stages.flatMap((stage) => judge(stage, model)),
};
