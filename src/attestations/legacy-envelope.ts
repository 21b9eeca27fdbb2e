import { X509Certificate } from 'node:crypto';
import { isObject, objectOf } from '../model/json-value.ts';
import type { Annotations } from '../model/oci.ts';
import { ANNOTATION } from './legacy-bundle.ts';
import { base64Of, listOf, parseUntrustedJson, textOf } from './untrusted-json.ts';

const MAX_BYTES = 32 * 1024 * 1024;
const MAX_MATERIAL = 64 * 1024;

/** What cosign before bundles finds under a tag: the bytes of a layer, and the annotations that verify them. */
export interface LegacyLayer {
  readonly bytes: Uint8Array;
  readonly annotations: Annotations;
}

/**
 * The envelope of a bundle as `cosign attest` kept it before bundles (specs/ATTESTATION_SPEC.md, "Storage"). Undefined where the old form
 * cannot say it: a certificate that was logged without a promise, as Rekor v2 does, or for other bytes than the envelope's.
 */
export function legacyEnvelope(bundle: Uint8Array, predicateType: string): LegacyLayer | undefined {
  const parsed = parseUntrustedJson(bundle, 'the bundle', MAX_BYTES);
  const read = objectOf(parsed.ok ? parsed.value : undefined);
  const envelope = read['dsseEnvelope'];
  if (!isObject(envelope)) return undefined;
  const { payloadType, payload } = envelope;
  // In the order that Go writes it, since a log keeps the digest of these bytes.
  const signatures = listOf(envelope['signatures'], 10).map((one) => {
    const { keyid, sig } = objectOf(one);
    return { keyid: textOf(keyid) ?? '', sig };
  });
  const bytes = Buffer.from(JSON.stringify({ payloadType, payload, signatures }));
  const material = materialOf(objectOf(read['verificationMaterial']));
  return material === undefined
    ? undefined
    : { bytes, annotations: { [ANNOTATION.signature]: '', predicateType, ...material } };
}

/** Certificate and log entry; nothing for a key, which needs neither. */
function materialOf(material: Readonly<Record<string, unknown>>): Annotations | undefined {
  const chain = listOf(objectOf(material['x509CertificateChain'])['certificates'], 10);
  const leaf = objectOf(material['certificate'] ?? chain[0]);
  if (!('rawBytes' in leaf)) return {};
  const certificate = pemOf(leaf);
  const log = logOf(objectOf(listOf(material['tlogEntries'], 1)[0]));
  if (certificate === undefined || log === undefined) return undefined;
  const others = chain.slice(1).flatMap((one) => pemOf(objectOf(one)) ?? []);
  return {
    [ANNOTATION.certificate]: certificate,
    ...(others.length === 0 ? {} : { [ANNOTATION.chain]: others.join('') }),
    [ANNOTATION.rekor]: JSON.stringify(log),
  };
}

function pemOf({ rawBytes }: Readonly<Record<string, unknown>>): string | undefined {
  const raw = base64Of(rawBytes, MAX_MATERIAL);
  try {
    return raw === undefined ? undefined : new X509Certificate(raw).toString();
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
