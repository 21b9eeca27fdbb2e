import { removeContainer } from '../tools/docker/docker-container.ts';
import type { PipelineContext } from './context.ts';

/** Removes a container of ours; where that fails, a warning names the command that does it. */
export async function dropContainer(
  { run, emit }: Pick<PipelineContext, 'run' | 'emit'>,
  name: string,
): Promise<void> {
  if (await removeContainer(run, name)) return;
  emit({
    kind: 'warning',
    text: `the container ${name} could not be removed`,
    nextStep: `docker rm --force --volumes ${name}`,
  });
}
