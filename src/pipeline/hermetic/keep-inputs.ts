import { UserError } from '../../model/errors.ts';
import type { LockFile } from '../../model/lock.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { LayoutStore } from '../../oci/layout/layout-store.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import type { PipelineContext } from '../context.ts';

/**
 * Keeps what the RUNs of a build fetched for whoever builds the image again, as an artifact that
 * the provenance names by its digest. Undefined for a build that was not recorded. Throws UserError
 * where bytes are gone that the user wants to publish.
 */
export async function keepInputs(
  { paths, emit }: PipelineContext,
  { plan, store }: { readonly plan: BuildPlan; readonly store: LayoutStore },
  built: LockFile | undefined,
  subject: Descriptor,
): Promise<Descriptor | undefined> {
  const { recording, lock, attest } = plan;
  if (recording === undefined || lock === undefined || built === undefined) return undefined;
  if (!attest.provenance.on) return undefined;
  const { writeInputs } = await import('./write-inputs.ts');
  const request = { cache: paths.cache, lockPath: lock.path, lock: built, recording, subject };
  return writeInputs(store.blobs, request).catch((error: unknown) => {
    if (!(error instanceof UserError) || plan.own.withInputs) throw error;
    emit({ kind: 'notice', text: `${error.message}; the image can be replayed only here` });
    return undefined;
  });
}
