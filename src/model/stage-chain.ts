import type { DockerfileModel, Stage } from './dockerfile.ts';

/** The stages that a stage, the target if none is named, is made of: from the one on an outside base to itself. */
export function stageChain(
  { stages, target }: Pick<DockerfileModel, 'stages' | 'target'>,
  index = target,
): readonly Stage[] {
  const chain: Stage[] = [];
  // A stage stands only on an earlier one: the index falls, so this ends.
  for (let stage = stages[index]; stage !== undefined && !chain.includes(stage);) {
    chain.unshift(stage);
    stage = stage.base.kind === 'stage' ? stages[stage.base.index] : undefined;
  }
  return chain;
}
