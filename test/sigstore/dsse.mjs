// The signatures that a log checks before it takes an entry.
import { X509Certificate, createPublicKey, verify } from 'node:crypto';

/** What a DSSE signature is over (secure-systems-lab/dsse, protocol.md). */
export const pae = (type, payload) =>
  Buffer.concat([
    Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `),
    payload,
  ]);
/** The public key in a PEM certificate or key. */
export function keyIn(text) {
  return /BEGIN CERTIFICATE/.test(text)
    ? new X509Certificate(text).publicKey
    : createPublicKey(text);
}
/** Throws where the signature is not one of the key. */
export function mustVerify(bytes, key, signature, what) {
  const hash =
    key.asymmetricKeyType === 'ed25519'
      ? null
      : key.asymmetricKeyDetails?.namedCurve === 'secp384r1'
        ? 'sha384'
        : 'sha256';
  if (!verify(hash, bytes, key, signature))
    throw new Error(`${what}: the signature does not verify`);
}
