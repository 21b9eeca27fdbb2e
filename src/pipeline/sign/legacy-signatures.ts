import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signBytes } from '../../attestations/sign-bundle.ts';
import type { Digest } from '../../model/digest.ts';
import { formatReference, parseReference } from '../../model/reference.ts';
import type { BlobStore } from '../../oci/blobs/blob-store.ts';
import {
  signatureLayer,
  simpleSigningPayload,
  type TaggedManifest,
  writeTagged,
} from '../../oci/legacy-signature.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import { signBlob } from '../../tools/cosign/cosign-sign-blob.ts';
import type { PipelineContext } from '../context.ts';
import type { Signer } from './signer.ts';

const SIGNATURE = 'dev.cosignproject.cosign/signature';

/**
 * The image's signatures in the form before bundles, which is all that `cosign verify` of cosign 2 looks for. Only with a key: a
 * certificate would have to be logged in the old form as well.
 */
export async function legacySignatures(
  context: PipelineContext,
  blobs: BlobStore,
  plan: BuildPlan,
  signer: Signer,
  subjects: readonly Digest[],
): Promise<readonly TaggedManifest[]> {
  if (plan.settings.sign.format === 'bundle' || signer.kind !== 'key') return [];
  const signed = (sign: (payload: Uint8Array) => string | Promise<string>) =>
    Promise.all(
      subjects.map(async (digest) => {
        const payload = simpleSigningPayload(repositoryOf(plan, digest), digest);
        const layer = signatureLayer(payload, { [SIGNATURE]: await sign(payload) });
        return writeTagged(blobs, digest, 'sig', [layer]);
      }),
    );
  const { opened } = signer;
  if (opened !== undefined) return signed((payload) => signBytes(opened, payload));
  const scratchDir = await mkdtemp(join(tmpdir(), 'scoville-sign-'));
  try {
    return await signed((payload) =>
      signBlob(context.run, { payload, key: signer, scratchDir, signal: context.signal }),
    );
  } finally {
    await rm(scratchDir, { recursive: true, force: true });
  }
}

/** The first name's repository; the digest where the image has no name. */
function repositoryOf(plan: BuildPlan, digest: string): string {
  const reference = parseReference(plan.names[0] ?? '');
  if (!reference.ok) return digest;
  const { registry, repository } = reference.value;
  return formatReference({ registry, repository });
}
