import { ANNOTATION } from '../../attestations/legacy-bundle.ts';
import { legacySignature } from '../../attestations/legacy-layer.ts';
import { signBytes } from '../../attestations/sign-bundle.ts';
import type { Digest } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import { inParallel } from '../../model/in-parallel.ts';
import type { Annotations } from '../../model/oci.ts';
import { byCodeUnit } from '../../model/order.ts';
import { formatReference, parseReference } from '../../model/reference.ts';
import type { BlobStore } from '../../oci/blobs/blob-store.ts';
import {
  signatureLayer,
  simpleSigningPayload,
  type TaggedManifest,
  writeTagged,
} from '../../oci/legacy-signature.ts';
import { listsReferrers } from '../../oci/registry/registry-referrers.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import { bundleOrigin } from '../../tools/cosign/bundle-origin.ts';
import { signBlob, signBlobBundle } from '../../tools/cosign/cosign-sign-blob.ts';
import { givesPromise } from '../../tools/cosign/sigstore-services.ts';
import type { PipelineContext } from '../context.ts';
import type { Registries } from '../registries.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';
import type { KeylessSession } from './keyless-session.ts';
import type { Signer } from './signer.ts';

/** cosign calls under way at once; each is a process that computes. */
const AT_ONCE = 4;

interface Build {
  readonly plan: BuildPlan;
  readonly registries: Registries;
  readonly blobs: BlobStore;
}

/**
 * The image's signatures in the form before bundles, which is all that `cosign verify` of cosign 2
 * and skopeo look for. A certificate is logged for each once more, so where the form is `auto` it
 * is made for a registry alone that does not list referrers. Throws UserError.
 */
export async function legacySignatures(
  context: PipelineContext,
  build: Build,
  signer: Signer,
  subjects: readonly Digest[],
): Promise<readonly TaggedManifest[]> {
  const { plan, blobs } = build;
  if (!(await isWanted(build, signer, subjects))) return [];
  if (signer.kind === 'keyless' && !givesPromise(signer.session.sigstore.services)) {
    tellOfLog(context, plan);
    return [];
  }
  const opened = signer.kind === 'key' ? await signer.opened?.() : undefined;
  const { run, signal } = context;
  const tagged: TaggedManifest[] = [];
  await inTemporaryFolder('sign', async (scratchDir) => {
    const sign = async (payload: Uint8Array): Promise<Annotations> => {
      if (signer.kind === 'keyless')
        return certified(context, signer.session, { payload, scratchDir });
      const signature =
        opened === undefined
          ? await signBlob(run, { payload, key: signer, scratchDir, signal })
          : signBytes(opened, payload);
      return { [ANNOTATION.signature]: signature };
    };
    await inParallel(subjects, AT_ONCE, async (digest) => {
      const payload = simpleSigningPayload(repositoryOf(plan, digest), digest);
      const layer = signatureLayer(payload, await sign(payload));
      tagged.push(await writeTagged(blobs, digest, 'sig', [layer]));
    });
  });
  // In the order given, whichever was signed first.
  return tagged.sort((a, b) => byCodeUnit(a.tag, b.tag));
}

async function isWanted(
  { plan, registries }: Build,
  signer: Signer,
  [first]: readonly Digest[],
): Promise<boolean> {
  const { format } = plan.settings.sign;
  if (format === 'bundle' || first === undefined) return false;
  if (signer.kind === 'key' || format !== 'auto') return true;
  const pushed = plan.destinations.find(({ kind }) => kind === 'registry');
  if (pushed?.kind !== 'registry') return false;
  const asked = plan.names.map(async (name) => {
    const reference = parseReference(name);
    if (!reference.ok) return true;
    const { registry, repository } = reference.value;
    return listsReferrers(registries.client(registry, pushed.plainHttp), repository, first).catch(
      (error: unknown) => {
        // Also where the repository is not there yet: what nobody needs does no harm.
        if (!(error instanceof UserError)) throw error;
        return false;
      },
    );
  });
  return (await Promise.all(asked)).includes(false);
}

/** A signature over the payload by a certificate, with the log's promise. */
async function certified(
  { run, signal }: PipelineContext,
  session: KeylessSession,
  payload: { readonly payload: Uint8Array; readonly scratchDir: string },
): Promise<Annotations> {
  const key = await session.key();
  const bundle = await signBlobBundle(run, { ...payload, key, signal });
  await session.meet(bundleOrigin(bundle).identity);
  const annotations = legacySignature(bundle, await session.authorities());
  if (annotations !== undefined) return annotations;
  throw new UserError('the log did not sign a timestamp for the signature under sha256-HEX.sig', {
    nextStep: 'sign with --signature-format bundle, or name a log of Rekor v1: --rekor-url URL',
  });
}

function tellOfLog({ emit }: PipelineContext, plan: BuildPlan): void {
  emit({
    kind: plan.settings.sign.format === 'auto' ? 'notice' : 'warning',
    text: 'signed as a bundle only: the log (Rekor v2) does not sign a timestamp, which a signature under sha256-HEX.sig needs. cosign up to 2.5, skopeo, podman and CRI-O cannot verify this image; with a log of Rekor v1 (--rekor-url URL) they can',
  });
}

/** The first name's repository; the digest where the image has no name. */
function repositoryOf(plan: BuildPlan, digest: string): string {
  const reference = parseReference(plan.names[0] ?? '');
  if (!reference.ok) return digest;
  const { registry, repository } = reference.value;
  return formatReference({ registry, repository });
}
