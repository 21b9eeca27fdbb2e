import { X509Certificate } from 'node:crypto';
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
import { inTemporaryFolder } from '../image/temporary-folder.ts';
import { UserError } from '../lib/errors.ts';
import { isObject, type JsonObject, objectOf } from '../lib/json.ts';
import { inParallel } from '../lib/parallel.ts';
import { byCodeUnit } from '../lib/text.ts';
import type { PipelineContext } from '../model/context.ts';
import type { Annotations } from '../model/image.ts';
import {
  type Digest,
  digestHex,
  digestOf,
  formatReference,
  parseReference,
} from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import { ANNOTATION } from './attached.ts';
import { base64Of, bundleOrigin, listOf, parseUntrustedJson, textOf } from './bundle.ts';
import { signBlobBundle } from './cosign-sign.ts';
import { signBytes } from './sign-bundle.ts';
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
  const read = bundleIn(bundle);
  const envelope = read['dsseEnvelope'];
  const material = materialOf(objectOf(read['verificationMaterial']), authorities);
  if (!isObject(envelope) || material === undefined) return undefined;
  const logged =
    ANNOTATION.rekor in material
      ? loggedDigest(firstEntry(read['verificationMaterial']))
      : undefined;
  const text = envelopeTexts(envelope).find(
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
function loggedDigest({ canonicalizedBody }: JsonObject): string | undefined {
  const body = base64Of(canonicalizedBody, MAX_BYTES);
  const parsed = body === undefined ? undefined : parseUntrustedJson(body, 'it', MAX_BYTES);
  const spec = objectOf(objectOf(parsed?.ok === true ? parsed.value : undefined)['spec']);
  const hash = objectOf(spec['envelopeHash'] ?? objectOf(spec['content'])['hash']);
  return textOf(hash['value'], 100);
}

/**
 * What verifies a payload, from a bundle over its bytes, as `cosign sign` kept it before bundles
 * (specs/SIGNATURE_SPEC.md, "Storage"). Undefined where the old form cannot say it, as above.
 */
export function legacySignature(
  bundle: Uint8Array,
  authorities: readonly X509Certificate[] = [],
): Annotations | undefined {
  const read = bundleIn(bundle);
  const signature = textOf(objectOf(read['messageSignature'])['signature'], MAX_MATERIAL);
  const material = materialOf(objectOf(read['verificationMaterial']), authorities);
  return signature === undefined || material === undefined
    ? undefined
    : { [ANNOTATION.signature]: signature, ...material };
}

function bundleIn(bundle: Uint8Array): Readonly<Record<string, unknown>> {
  const parsed = parseUntrustedJson(bundle, 'the bundle', MAX_BYTES);
  return objectOf(parsed.ok ? parsed.value : undefined);
}

/** Certificate, its chain and the log entry; nothing for a key, which needs none of them. */
function materialOf(
  material: Readonly<Record<string, unknown>>,
  authorities: readonly X509Certificate[],
): Annotations | undefined {
  const given = listOf(objectOf(material['x509CertificateChain'])['certificates'], 10);
  const first = objectOf(material['certificate'] ?? given[0]);
  if (!('rawBytes' in first)) return {};
  const leaf = certificateOf(first);
  const log = logOf(firstEntry(material));
  if (leaf === undefined || log === undefined) return undefined;
  const others = given.slice(1).flatMap((one) => certificateOf(objectOf(one)) ?? []);
  const chain = chainOf(leaf, [...others, ...authorities]);
  return {
    [ANNOTATION.certificate]: leaf.toString(),
    ...(chain.length === 0 ? {} : { [ANNOTATION.chain]: chain.map(String).join('') }),
    [ANNOTATION.rekor]: JSON.stringify(log),
  };
}

/** Issuers up to the root, each of the one before; of several, cosign 2 takes the last as root. */
function chainOf(
  leaf: X509Certificate,
  authorities: readonly X509Certificate[],
): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let last = leaf; chain.length < MOST_ISSUERS;) {
    const issuer = authorities.find(
      (one) => !chain.includes(one) && last.checkIssued(one) && last.verify(one.publicKey),
    );
    if (issuer === undefined) break;
    chain.push(issuer);
    last = issuer;
  }
  return chain;
}

/** The entry of a log that a bundle's material has; empty where there is none. */
function firstEntry(material: unknown): JsonObject {
  return objectOf(listOf(objectOf(material)['tlogEntries'], 1)[0]);
}

function certificateOf({
  rawBytes,
}: Readonly<Record<string, unknown>>): X509Certificate | undefined {
  const raw = base64Of(rawBytes, MAX_MATERIAL);
  try {
    return raw === undefined ? undefined : new X509Certificate(raw);
  } catch {
    return undefined;
  }
}

function logOf(entry: Readonly<Record<string, unknown>>): unknown {
  const promise = textOf(objectOf(entry['inclusionPromise'])['signedEntryTimestamp'], MAX_MATERIAL);
  const body = textOf(entry['canonicalizedBody'], MAX_BYTES);
  const id = base64Of(objectOf(entry['logId'])['keyId'], 64);
  const [time, index] = [Number(entry['integratedTime']), Number(entry['logIndex'])];
  if (promise === undefined || body === undefined || id === undefined) return undefined;
  if (!Number.isSafeInteger(time) || !Number.isSafeInteger(index) || time <= 0) return undefined;
  return {
    SignedEntryTimestamp: promise,
    Payload: {
      body,
      integratedTime: time,
      logIndex: index,
      logID: Buffer.from(id).toString('hex'),
    },
  };
}

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
      const [bundle] =
        referrer === undefined
          ? []
          : parseManifest(await blobs.readDocument(referrer), referrer.digest).layers;
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
