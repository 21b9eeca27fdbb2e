import { attachedBefore } from '../attach/attached-before.ts';
import type { PipelineContext } from '../context.ts';
import { checkBuilt, lockOfBuilt } from './lock-built.ts';
import { normaliseBuilt } from './normalise-built.ts';
import { isSeeded } from './refuse-predictable.ts';
import type { Built, Checked } from './states.ts';

/**
 * Rewrites the layers and does what has to be done before anything is signed, since a signature may
 * stand in a public log: a seeded image is built with another seed, what was built is held against
 * the lock, and built again where a proof is asked for. Throws UserError where one forbids it.
 */
export async function checkImage(context: PipelineContext, built: Built): Promise<Checked> {
  const { plan, store, profiles, signer } = built;
  const image = await normaliseBuilt(context, built, built.exported);
  if (isSeeded(built)) {
    const { refuseDrawn } = await import('./refuse-drawn.ts');
    await refuseDrawn(context, built, image);
  }
  const builtLock = await lockOfBuilt(context, built, image);
  if (builtLock !== undefined) checkBuilt(context, plan, builtLock);
  const proof = plan.prove
    ? await (await import('./prove-build.ts')).proveBuild(context, built, image)
    : undefined;
  const isProven = proof !== undefined;
  const kept =
    signer === undefined
      ? { attestations: [], referrers: [] }
      : await attachedBefore(context, store, image.index, plan.settings, { profiles, isProven });
  return { ...built, image, builtLock, proof, kept };
}
