import { X509Certificate } from 'node:crypto';
import { digestHex, digestOf } from '../model/digest.ts';
import { isObject, type JsonObject, objectOf } from '../model/json-value.ts';
import type { Annotations } from '../model/oci.ts';
import { ANNOTATION } from './legacy-bundle.ts';
import { base64Of, listOf, parseUntrustedJson, textOf } from './untrusted-json.ts';

const MAX_BYTES = 32 * 1024 * 1024;
const MAX_MATERIAL = 64 * 1024;
const MOST_ISSUERS = 5;

/** What cosign before bundles has under a tag: a layer's bytes and annotations that verify them. */
export interface LegacyLayer {
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
