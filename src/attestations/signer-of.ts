import { createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';
import { isObject, objectOf } from '../model/json-value.ts';
import type { ReadAttachment } from './attachment-statement.ts';
import { preAuthEncoding } from './sign-bundle.ts';
import { base64Of, listOf, parseUntrustedJson, textOf } from './untrusted-json.ts';

const MAX_BYTES = 32 * 1024 * 1024;
const MAX_SIGNATURE = 16 * 1024;
/** OIDs of Fulcio's extensions with the token's issuer, 1.3.6.1.4.1.57264.1.8 and .1.1, in DER. */
const ISSUER_OIDS = ['060a2b0601040183bf300108', '060a2b0601040183bf300101'];
const HASHES = ['sha256', 'sha384', 'sha512'];

/**
 * Who signed what is attached, as a text to compare: the key of `keys` that verifies it, or the
 * names in the certificate whose key does. Undefined where nothing verifies, and for notation. That
 * certificate may be anyone's: the answer is fit to tell own statements from those of others, and
 * not to trust one.
 */
export function signerOf(
  proof: ReadAttachment['proof'],
  keys: readonly KeyObject[],
): string | undefined {
  if (proof.kind === 'notation' || proof.kind === 'none') return undefined;
  const parsed = parseUntrustedJson(proof.bundle, 'the bundle', MAX_BYTES);
  if (!parsed.ok) return undefined;
  const bundle = objectOf(parsed.value);
  const signed = signedBytes(bundle, proof.kind === 'message' ? proof.payload : undefined);
  if (signed === undefined) return undefined;
  const certificate = certificateOf(objectOf(bundle['verificationMaterial']));
  if (certificate !== undefined)
    return holds(certificate.publicKey, signed) ? nameOf(certificate) : undefined;
  const key = keys.find((one) => holds(one, signed));
  return key?.export({ format: 'der', type: 'spki' }).toString('base64');
}

/** The public key in PEM form; undefined for what is none. */
export function publicKeyIn(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}

interface Signed {
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

function signedBytes(
  bundle: Readonly<Record<string, unknown>>,
  payload: Uint8Array | undefined,
): Signed | undefined {
  const { dsseEnvelope: envelope, messageSignature: message } = bundle;
  if (isObject(envelope)) {
    const [first] = listOf(envelope['signatures'], 1);
    const bytes = base64Of(envelope['payload'], MAX_BYTES);
    const signature = base64Of(objectOf(first)['sig'], MAX_SIGNATURE);
    const type = textOf(envelope['payloadType'], 200);
    if (bytes === undefined || signature === undefined || type === undefined) return undefined;
    return { bytes: preAuthEncoding(type, bytes), signature };
  }
  const signature = base64Of(objectOf(message)['signature'], MAX_SIGNATURE);
  return payload === undefined || signature === undefined
    ? undefined
    : { bytes: payload, signature };
}

function certificateOf(material: Readonly<Record<string, unknown>>): X509Certificate | undefined {
  const chain = objectOf(material['x509CertificateChain'])['certificates'];
  const [leaf] = listOf(chain, 1);
  const raw = base64Of(objectOf(material['certificate'] ?? leaf)['rawBytes'], MAX_SIGNATURE);
  if (raw === undefined) return undefined;
  try {
    return new X509Certificate(raw);
  } catch {
    return undefined;
  }
}

/** Names and token issuer; a certificate lives for minutes, these stay. */
function nameOf({ subjectAltName = '', issuer, raw }: X509Certificate): string {
  const hex = raw.toString('hex');
  const issuers = ISSUER_OIDS.map((oid) => {
    const at = hex.indexOf(oid);
    // OCTET STRING, its length in one byte, its content.
    const length = at < 0 ? 0 : parseInt(hex.slice(at + oid.length + 2, at + oid.length + 4), 16);
    return at < 0 ? '' : hex.slice(at + oid.length + 4, at + oid.length + 4 + 2 * length);
  });
  return JSON.stringify([subjectAltName, issuer, ...issuers]);
}

function holds(key: KeyObject, { bytes, signature }: Signed): boolean {
  const hashes = key.asymmetricKeyType === 'ed25519' ? [null] : HASHES;
  return hashes.some((hash) => {
    try {
      return verify(hash, bytes, key, signature);
    } catch {
      return false;
    }
  });
}
