import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { err, ok, type Result } from '../model/result.ts';

/** A private key that was opened: signs as cosign verifies. The key itself stays inside. */
export interface OpenedKey {
  readonly sign: (bytes: Uint8Array) => Buffer;
  readonly verifies: (bytes: Uint8Array, signature: Uint8Array) => boolean;
  /** Public half, SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
}

/** `unsupported`: cosign verifies nothing with such a key. `other`: not opened here; cosign may. */
export type KeyProblem = 'wrong-password' | 'unsupported' | 'other';

const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];
const LEAST_RSA_BITS = 2048;
/** What openssl writes, sealed or not (RFC 7468, RFC 5915, PKCS #1). */
const PEM = /-----BEGIN (?:ENCRYPTED |EC |RSA )?PRIVATE KEY-----/;
const SEALED = /-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED\r?$/m;
const MAX_KEY_BYTES = 64 * 1024;

/**
 * Opens a key for signing. SHA-256 with every curve and with RSA, which is what cosign 2.5 and 3.1
 * verify; Ed25519 hashes by itself. A key of another kind is refused, since nobody could verify it.
 */
export function openedKey(key: KeyObject): Result<OpenedKey, KeyProblem> {
  if (!isVerifiable(key)) return err('unsupported');
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  const publicKey = createPublicKey(key);
  return ok({
    sign: (bytes) => sign(hash, bytes, key),
    verifies: (bytes, signature) => verify(hash, bytes, publicKey, signature),
    publicKey: publicKey.export({ format: 'der', type: 'spki' }),
  });
}

function isVerifiable({ asymmetricKeyType: type, asymmetricKeyDetails }: KeyObject): boolean {
  const { namedCurve = '', modulusLength = 0 } = asymmetricKeyDetails ?? {};
  return (
    type === 'ed25519' ||
    (type === 'ec' && CURVES.includes(namedCurve)) ||
    (type === 'rsa' && modulusLength >= LEAST_RSA_BITS)
  );
}

/** Opens a PEM private key as openssl writes it; cosign needs `cosign import-key-pair` first. */
export function openPemKey(text: string, password: string): Result<OpenedKey, KeyProblem> {
  if (text.length > MAX_KEY_BYTES || !PEM.test(text)) return err('other');
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: text, format: 'pem', passphrase: password });
  } catch {
    return err(SEALED.test(text) ? 'wrong-password' : 'other');
  }
  return openedKey(key);
}
