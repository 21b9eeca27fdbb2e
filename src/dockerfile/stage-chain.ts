import type { DockerfileModel, Instruction, Stage } from '../model/dockerfile.ts';

/** The instructions of a stage and of those that it is built on, in the order they run. */
export function stageChain(model: DockerfileModel, index: number): readonly Instruction[] {
  const instructions: Instruction[][] = [];
  const seen = new Set<number>();
  let stage: Stage | undefined = model.stages[index];
  while (stage !== undefined && !seen.has(stage.index)) {
    seen.add(stage.index);
    instructions.unshift([...stage.instructions]);
    stage = stage.base.kind === 'stage' ? model.stages[stage.base.index] : undefined;
  }
  return instructions.flat();
}
