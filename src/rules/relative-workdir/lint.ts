import type { DockerfileModel, Instruction } from '../../model/dockerfile.ts';
import type { CheckedRule } from '../shared/lint/rule.ts';

/** From the root, of a drive too, or by a variable. */
const ABSOLUTE = /^["']?(?:[/\\$%]|[A-Za-z]:[/\\])/;

/** The first WORKDIR of a stage and its base stages, if it is relative to the base's folder. */
export function relativeFolder(
  { stages }: Pick<DockerfileModel, 'stages'>,
  index: number,
): Instruction | undefined {
  const own = stages[index];
  const first = own?.instructions.find(({ keyword }) => keyword === 'WORKDIR');
  if (first === undefined || first.rawArguments === '' || ABSOLUTE.test(first.rawArguments))
    return undefined;
  // A stage stands only on an earlier one: the index falls, so this ends.
  for (let at = own; at?.base.kind === 'stage' && at.base.index < at.index;) {
    at = stages[at.base.index];
    if (at?.instructions.some(({ keyword }) => keyword === 'WORKDIR') === true) return undefined;
  }
  return first;
}

export const relativeWorkdir: CheckedRule = {
  id: 'relative-workdir',
  title: 'Working directories that say where they are',
  level: 'warning',
  help:
    'A relative WORKDIR without one before it, in the stage or the stages that it is built ' +
    'from. The base image decides which folder it is, and may change it.',
  remedy: 'Begin with an absolute WORKDIR',
  bad: 'FROM alpine:3.22\nWORKDIR app\n',
  good: 'FROM alpine:3.22\nWORKDIR /app\nWORKDIR data\n',
  check: ({ model, stages }) =>
    stages.flatMap(({ index }) => {
      const found = relativeFolder(model, index);
      if (found === undefined) return [];
      const {
        range,
        argumentRanges: [written = range],
        rawArguments: word,
      } = found;
      const message = `${word} is below whatever folder the base image works in`;
      return [{ range: written, message }];
    }),
};
