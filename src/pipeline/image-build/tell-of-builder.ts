import { formatReference } from '../../model/reference.ts';
import type { NeededImage } from '../../plans/external-images.ts';
import type { Builder } from '../../tools/buildx/builder.ts';
import type { LocalImage } from '../../tools/docker/docker-images.ts';
import type { PipelineContext } from '../context.ts';
import type { FoundImage } from '../resolve-images.ts';

/**
 * Warns of failures that a remote builder does not explain. `local` are the needed images as
 * Docker has them, one for each.
 */
export function tellOfBuilder(
  context: Pick<PipelineContext, 'emit'>,
  { name, driver, running }: Builder,
  needed: readonly NeededImage[],
  found: readonly Pick<FoundImage, 'name'>[],
  local: readonly (LocalImage | undefined)[],
): void {
  // The other drivers start what does not run.
  if (driver === 'remote' && !running)
    context.emit({
      kind: 'warning',
      text: `the builder ${name} (remote) does not answer`,
      nextStep: `docker buildx inspect ${name}; or build elsewhere: --builder NAME, one of docker buildx ls`,
    });
  for (const [i, { reference }] of needed.entries()) {
    const image = formatReference(reference);
    if (local[i] === undefined || found.some((one) => one.name === image)) continue;
    context.emit({
      kind: 'warning',
      text: `${image} is in Docker, whose images the builder ${name} (${driver}) does not see`,
      nextStep: 'push it to a registry; or build with the engine: --builder default',
    });
  }
}
