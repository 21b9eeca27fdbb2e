import type { DockerfileModel, Stage } from './dockerfile.ts';

/** The stages that make up a stage (default: the target), from the one on an outside base on. */
export function stageChain(
  { stages, target }: Pick<DockerfileModel, 'stages' | 'target'>,
  index = target,
): readonly Stage[] {
  return chainOf(index, (at) => stages[at]);
}

/** The same of stages that are found by their index, read as a model or not yet. */
export function chainOf<T extends Pick<Stage, 'base'>>(
  index: number,
  at: (index: number) => T | undefined,
): readonly T[] {
  const chain: T[] = [];
  // A stage stands only on an earlier one: the index falls, so this ends.
  for (let stage = at(index); stage !== undefined && !chain.includes(stage);) {
    chain.unshift(stage);
    stage = stage.base.kind === 'stage' ? at(stage.base.index) : undefined;
  }
  return chain;
}
