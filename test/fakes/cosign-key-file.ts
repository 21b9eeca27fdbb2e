import { randomBytes, scryptSync } from 'node:crypto';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';

/** A key file as cosign writes it, with a cheaper scrypt. */
export function keyFile(
  pkcs8: Uint8Array,
  password: string,
  change: (json: Record<string, unknown>) => void = () => undefined,
): string {
  const salt = randomBytes(32);
  const nonce = randomBytes(24);
  const params = { N: 1024, r: 8, p: 1 };
  const secret = scryptSync(password, salt, 32, params);
  const ciphertext = xsalsa20poly1305(secret, nonce).encrypt(pkcs8);
  const json: Record<string, unknown> = {
    kdf: { name: 'scrypt', params, salt: salt.toString('base64') },
    cipher: { name: 'nacl/secretbox', nonce: nonce.toString('base64') },
    ciphertext: Buffer.from(ciphertext).toString('base64'),
  };
  change(json);
  const body = Buffer.from(JSON.stringify(json)).toString('base64').replace(/.{65}/g, '$&\n');
  return `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n${body}\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n`;
}
