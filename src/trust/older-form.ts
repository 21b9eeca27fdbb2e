import type { X509Certificate } from 'node:crypto';
import type { BlobStore } from '../image/blob-store.ts';
import { parseManifest } from '../image/documents.ts';
import {
  envelopeLayer,
  signatureLayer,
  simpleSigningPayload,
  type TaggedLayer,
  type TaggedManifest,
  writeTagged,
} from '../image/referrers.ts';
import { listsReferrers, type RegistryClient } from '../image/registry/client.ts';
import { UserError } from '../lib/errors.ts';
import { field, type JsonObject, objectOf } from '../lib/json.ts';
import { inParallel } from '../lib/parallel.ts';
import { byCodeUnit } from '../lib/text.ts';
import type { PipelineContext } from '../model/context.ts';
import type { Annotations } from '../model/image.ts';
import {
  type Digest,
  digestHex,
  digestOf,
  formatReference,
  type ImageReference,
  parseReference,
} from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import { ANNOTATION } from './attached.ts';
import {
  base64Of,
  bundleOrigin,
  certificateIn,
  listOf,
  parseUntrustedJson,
  type ReadBundle,
  readBundle,
  textOf,
} from './bundle.ts';
import { signPayload } from './cosign.ts';
import { signBytes } from './keys.ts';
import type { SignedStatement } from './sign.ts';
import type { Signer } from './signer.ts';
import { givesPromise } from './sigstore.ts';

const MAX_BYTES = 32 * 1024 * 1024;
const MAX_MATERIAL = 64 * 1024;
const MOST_ISSUERS = 5;

/** What cosign before bundles has under a tag: a layer's bytes and annotations that verify them. */
interface LegacyLayer {
  readonly bytes: Uint8Array;
  readonly annotations: Annotations;
}

/**
 * The envelope of a bundle as `cosign attest` kept it before bundles (specs/ATTESTATION_SPEC.md,
 * "Storage"). Undefined where the old form cannot say it: a certificate that was logged without a
 * promise, as Rekor v2 does, or for other bytes than any form of the envelope. Of `authorities`
 * those go with the certificate that issued it.
 */
export function legacyEnvelope(
  bundle: Uint8Array,
  predicateType: string,
  authorities: readonly X509Certificate[] = [],
): LegacyLayer | undefined {
  const read = readBundle(bundle, MAX_BYTES);
  const material = read.ok ? materialOf(read.value, authorities) : undefined;
  if (!read.ok || read.value.envelope === undefined || material === undefined) return undefined;
  const logged = ANNOTATION.rekor in material ? loggedDigest(read.value) : undefined;
  const text = envelopeTexts(read.value.envelope).find(
    (one) => logged === undefined || digestHex(digestOf(one)) === logged,
  );
  return text === undefined
    ? undefined
    : {
        bytes: Buffer.from(text),
        annotations: { [ANNOTATION.signature]: '', predicateType, ...material },
      };
}

/** The envelope as each cosign version writes it; a log keeps the digest of one of these texts. */
function envelopeTexts({ payloadType, payload, signatures }: JsonObject): readonly string[] {
  const signed = listOf(signatures, 10).map(objectOf);
  const withKey = signed.map(({ keyid, sig }) => ({ keyid: textOf(keyid) ?? '', sig }));
  const without = signed.map(({ sig }) => ({ sig }));
  return [
    // Up to 2.5, and what keys have always been signed as here.
    JSON.stringify({ payloadType, payload, signatures: withKey }),
    // 3.1
    JSON.stringify({ payload, payloadType, signatures: without }),
    JSON.stringify({ payload, payloadType, signatures: withKey }),
    JSON.stringify({ payloadType, payload, signatures: without }),
  ];
}

/** Envelope digest of a log entry (rekor, pkg/types/dsse and intoto); undefined for other kinds. */
function loggedDigest({ logEntries: [entry] }: ReadBundle): string | undefined {
  const body = base64Of(entry?.['canonicalizedBody'], MAX_BYTES);
  const parsed = body && parseUntrustedJson(body, 'it', MAX_BYTES);
  const spec = objectOf(field(parsed?.ok === true ? parsed.value : undefined, 'spec'));
  return textOf(field(spec['envelopeHash'] ?? field(spec['content'], 'hash'), 'value'), 100);
}

/**
 * What verifies a payload, from a bundle over its bytes, as `cosign sign` kept it before bundles
 * (specs/SIGNATURE_SPEC.md, "Storage"). Undefined where the old form cannot say it, as above.
 */
export function legacySignature(
  bundle: Uint8Array,
  authorities: readonly X509Certificate[] = [],
): Annotations | undefined {
  const read = readBundle(bundle, MAX_BYTES);
  const material = read.ok ? materialOf(read.value, authorities) : undefined;
  const signature = read.ok ? textOf(read.value.signature, MAX_MATERIAL) : undefined;
  return signature === undefined || material === undefined
    ? undefined
    : { [ANNOTATION.signature]: signature, ...material };
}

/** Certificate, its chain and the log entry; nothing for a key, which needs none of them. */
function materialOf(
  { certificates: [first, ...others], logEntries: [entry] }: ReadBundle,
  authorities: readonly X509Certificate[],
): Annotations | undefined {
  if (first === undefined) return {};
  const leaf = certificateIn(first);
  const log = logOf(entry ?? {});
  if (leaf === undefined || log === undefined) return undefined;
  // Issuers up to the root, each of the one before; of several, cosign 2 takes the last as root.
  const issuers = [...others.flatMap((one) => certificateIn(one) ?? []), ...authorities];
  const chain: X509Certificate[] = [];
  for (let last = leaf; chain.length < MOST_ISSUERS;) {
    const issuer = issuers.find(
      (one) => !chain.includes(one) && last.checkIssued(one) && last.verify(one.publicKey),
    );
    if (issuer === undefined) break;
    chain.push(issuer);
    last = issuer;
  }
  return {
    [ANNOTATION.certificate]: leaf.toString(),
    ...(chain.length === 0 ? {} : { [ANNOTATION.chain]: chain.map(String).join('') }),
    [ANNOTATION.rekor]: JSON.stringify(log),
  };
}

function logOf(entry: JsonObject): unknown {
  const promise = textOf(field(entry['inclusionPromise'], 'signedEntryTimestamp'), MAX_MATERIAL);
  const body = textOf(entry['canonicalizedBody'], MAX_BYTES);
  const id = base64Of(field(entry['logId'], 'keyId'), 64);
  const [time, index] = [Number(entry['integratedTime']), Number(entry['logIndex'])];
  if (promise === undefined || body === undefined || id === undefined) return undefined;
  if (!Number.isSafeInteger(time) || !Number.isSafeInteger(index) || time <= 0) return undefined;
  return {
    SignedEntryTimestamp: promise,
    Payload: { body, integratedTime: time, logIndex: index, logID: id.toString('hex') },
  };
}

/** cosign calls under way at once; each is a process that computes. */
const AT_ONCE = 4;

interface Place {
  readonly blobs: BlobStore;
  readonly format: Settings['sign']['format'];
  readonly name: string | undefined;
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
    context.emit({
      kind: format === 'auto' ? 'notice' : 'warning',
      text: 'signed as a bundle only: the log (Rekor v2) does not sign a timestamp, which a signature under sha256-HEX.sig needs. cosign up to 2.5, skopeo, podman and CRI-O cannot verify this image; with a log of Rekor v1 (--rekor-url URL) they can',
    });
    return [];
  }
  const opened = signer.kind === 'key' ? await signer.opened?.() : undefined;
  const reference = parseReference(name ?? '');
  const repository = reference.ok && repositoryName(reference.value);
  const tagged = await inParallel(subjects, AT_ONCE, async (digest) => {
    const payload = simpleSigningPayload(repository || digest, digest);
    const signature =
      opened === undefined
        ? await signedByCosign(context, signer, payload)
        : { [ANNOTATION.signature]: signBytes(opened, payload) };
    return writeTagged(blobs, digest, 'sig', [signatureLayer(payload, signature)]);
  });
  return tagged.toSorted((a, b) => byCodeUnit(a.tag, b.tag));
}

function repositoryName({ registry, repository }: ImageReference): string {
  return formatReference({ registry, repository });
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
  payload: Uint8Array,
): Promise<Annotations> {
  const session = signer.kind === 'keyless' ? signer.session : undefined;
  const key = signer.kind === 'keyless' ? await signer.session.key() : signer;
  const bundle = await signPayload(run, key, payload, signal);
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

const MAX_BUNDLE = 64 * 1024 * 1024;

/**
 * What was signed as bundles, also as cosign before bundles and what builds on it look for it:
 * under `sha256-HEX.att`, the same envelopes. What that form cannot say is left out.
 */
export async function legacyAttestations(
  blobs: BlobStore,
  signed: readonly SignedStatement[],
  signer: Signer | undefined,
): Promise<readonly TaggedManifest[]> {
  const authorities = signer?.kind === 'keyless' ? await signer.session.authorities() : [];
  const layers = new Map<Digest, TaggedLayer[]>();
  for (const { predicateType, subjects, referrers } of signed) {
    if (predicateType === PREDICATE_TYPE.cosignSign) continue;
    for (const [at, subject] of subjects.entries()) {
      const referrer = referrers[at];
      if (referrer === undefined) continue;
      const manifest = parseManifest(await blobs.readDocument(referrer), referrer.digest);
      const [bundle] = manifest.layers;
      if (bundle === undefined) continue;
      const bytes = await blobs.read(bundle.digest, MAX_BUNDLE);
      const layer = legacyEnvelope(bytes, predicateType, authorities);
      if (layer !== undefined)
        layers.set(subject, [...(layers.get(subject) ?? []), envelopeLayer(layer)]);
    }
  }
  return Promise.all(
    [...layers].map(([subject, list]) => writeTagged(blobs, subject, 'att', list)),
  );
}
