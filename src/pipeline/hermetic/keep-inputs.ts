import { UserError } from '../../model/errors.ts';
import type { Recording } from '../../model/fetches.ts';
import type { LockFile } from '../../model/lock.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { LayoutStore } from '../../oci/layout/layout-store.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import type { PipelineContext } from '../context.ts';
import type { FinalImage } from '../image-under-build.ts';

/** A build, as far as it says what it fetched. */
interface KeptInputs {
  readonly plan: BuildPlan;
  readonly store: LayoutStore;
  readonly recording: Recording | undefined;
  readonly builtLock: LockFile | undefined;
  readonly image: FinalImage;
}

/**
 * Keeps what the RUNs of a build fetched for whoever builds the image again, as an artifact that
 * the provenance names by its digest. Undefined for a build that was not recorded. Throws UserError
 * where bytes are gone that the user wants to publish.
 */
export async function keepInputs(
  { paths, emit }: PipelineContext,
  { plan, store, recording, builtLock, image }: KeptInputs,
): Promise<Descriptor | undefined> {
  const { lock, attest } = plan;
  if (recording === undefined || lock === undefined || builtLock === undefined) return undefined;
  if (!attest.provenance.on) return undefined;
  const { writeInputs } = await import('./write-inputs.ts');
  const request = {
    cache: paths.cache,
    lockPath: lock.path,
    lock: builtLock,
    recording,
    subject: image.index,
  };
  return writeInputs(store.blobs, request).catch((error: unknown) => {
    if (!(error instanceof UserError) || plan.withInputs) throw error;
    emit({ kind: 'notice', text: `${error.message}; the image can be replayed only here` });
    return undefined;
  });
}
