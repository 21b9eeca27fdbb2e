import { constants, type KeyObject, privateEncrypt } from 'node:crypto';

/** DigestInfo of a SHA-256 digest, in front of it (RFC 8017, 9.2 note 1). */
const SHA_256 = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** The signature by an RSA key (PKCS#1 v1.5) of what has this SHA-256 digest, in base64. */
export function signDigest(key: KeyObject, digest: Uint8Array): string {
  const padded = { key, padding: constants.RSA_PKCS1_PADDING };
  return privateEncrypt(padded, Buffer.concat([SHA_256, digest])).toString('base64');
}
