import { ANNOTATION } from '../../attestations/legacy-bundle.ts';
import { legacySignature } from '../../attestations/legacy-layer.ts';
import { signBytes } from '../../attestations/sign-bundle.ts';
import type { Digest } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import { inParallel } from '../../model/in-parallel.ts';
import type { Annotations } from '../../model/oci.ts';
import { byCodeUnit } from '../../model/order.ts';
import { formatReference, parseReference } from '../../model/reference.ts';
import type { Settings } from '../../model/settings.ts';
import { PREDICATE_TYPE } from '../../model/statement.ts';
import type { BlobStore } from '../../oci/blobs/blob-store.ts';
import {
  signatureLayer,
  simpleSigningPayload,
  type TaggedManifest,
  writeTagged,
} from '../../oci/legacy-signature.ts';
import type { RegistryClient } from '../../oci/registry/registry-client.ts';
import { listsReferrers } from '../../oci/registry/registry-referrers.ts';
import { bundleOrigin } from '../../tools/cosign/bundle-origin.ts';
import { signBlobBundle } from '../../tools/cosign/cosign-sign.ts';
import { givesPromise } from '../../tools/cosign/sigstore-services.ts';
import type { PipelineContext } from '../context.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';
import type { SignedStatement } from './sign-statements.ts';
import type { Signer } from './signer.ts';

/** cosign calls under way at once; each is a process that computes. */
const AT_ONCE = 4;

interface Place {
  readonly blobs: BlobStore;
  readonly format: Settings['sign']['format'];
  /** The image's first name; undefined where it has none. */
  readonly name: string | undefined;
  /** Where it is published. */
  readonly repositories: readonly {
    readonly client: RegistryClient;
    readonly repository: string;
  }[];
}

/** What was signed as `cosign sign` does: the image, and artifacts that are attached to it. */
export function signedAlone(signed: readonly SignedStatement[]): readonly Digest[] {
  return signed
    .filter(({ predicateType }) => predicateType === PREDICATE_TYPE.cosignSign)
    .flatMap(({ subjects }) => subjects);
}

/**
 * Signatures in the form before bundles, which is all that `cosign verify` of cosign 2
 * and skopeo look for. A certificate is logged for each once more, so where the form is `auto` it
 * is made for a registry alone that does not list referrers. Throws UserError.
 */
export async function legacySignatures(
  context: PipelineContext,
  place: Place,
  signer: Signer,
  subjects: readonly Digest[],
): Promise<readonly TaggedManifest[]> {
  const { name, format, blobs } = place;
  if (!(await isWanted(place, signer, subjects))) return [];
  if (signer.kind === 'keyless' && !givesPromise(signer.session.sigstore.services)) {
    tellOfLog(context, format);
    return [];
  }
  const opened = signer.kind === 'key' ? await signer.opened?.() : undefined;
  const tagged: TaggedManifest[] = [];
  await inTemporaryFolder('sign', async (scratchDir) => {
    const sign = async (payload: Uint8Array): Promise<Annotations> =>
      opened === undefined
        ? signedByCosign(context, signer, { payload, scratchDir })
        : { [ANNOTATION.signature]: signBytes(opened, payload) };
    await inParallel(subjects, AT_ONCE, async (digest) => {
      const payload = simpleSigningPayload(repositoryOf(name, digest), digest);
      const layer = signatureLayer(payload, await sign(payload));
      tagged.push(await writeTagged(blobs, digest, 'sig', [layer]));
    });
  });
  // In the order given, whichever was signed first.
  return tagged.sort((a, b) => byCodeUnit(a.tag, b.tag));
}

async function isWanted(
  { format, repositories }: Place,
  signer: Signer,
  [first]: readonly Digest[],
): Promise<boolean> {
  if (format === 'bundle' || first === undefined) return false;
  if (signer.kind === 'key' || format !== 'auto') return true;
  const asked = repositories.map(({ client, repository }) =>
    listsReferrers(client, repository, first).catch((error: unknown) => {
      // Also for a repository that does not exist yet: one signature too many does no harm.
      if (!(error instanceof UserError)) throw error;
      return false;
    }),
  );
  return (await Promise.all(asked)).includes(false);
}

/** A signature over the payload; by a certificate, with the log's promise. */
async function signedByCosign(
  { run, signal }: PipelineContext,
  signer: Signer,
  payload: { readonly payload: Uint8Array; readonly scratchDir: string },
): Promise<Annotations> {
  const session = signer.kind === 'keyless' ? signer.session : undefined;
  const key = signer.kind === 'keyless' ? await signer.session.key() : signer;
  const bundle = await signBlobBundle(run, { ...payload, key, signal });
  await session?.meet(bundleOrigin(bundle).identity);
  const annotations = legacySignature(bundle, await session?.authorities());
  if (annotations !== undefined) return annotations;
  throw new UserError(
    session === undefined
      ? 'cosign gave no signature'
      : 'the log did not sign a timestamp for the signature under sha256-HEX.sig',
    {
      nextStep:
        'sign with --signature-format bundle, or keyless with a log of Rekor v1: --rekor-url URL',
    },
  );
}

function tellOfLog({ emit }: PipelineContext, format: Place['format']): void {
  emit({
    kind: format === 'auto' ? 'notice' : 'warning',
    text: 'signed as a bundle only: the log (Rekor v2) does not sign a timestamp, which a signature under sha256-HEX.sig needs. cosign up to 2.5, skopeo, podman and CRI-O cannot verify this image; with a log of Rekor v1 (--rekor-url URL) they can',
  });
}

/** The name's repository; the digest where the image has no name. */
function repositoryOf(name: string | undefined, digest: string): string {
  const reference = parseReference(name ?? '');
  if (!reference.ok) return digest;
  const { registry, repository } = reference.value;
  return formatReference({ registry, repository });
}
