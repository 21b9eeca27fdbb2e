import { createPrivateKey, type KeyObject, scrypt } from 'node:crypto';
import { isObject, objectOf } from '../model/json-value.ts';
import { err, type Result } from '../model/result.ts';
import { type KeyProblem, type OpenedKey, openedKey } from './opened-key.ts';
import { base64Of, parseUntrustedJson, textOf } from './untrusted-json.ts';

const BEGIN = /-----BEGIN ENCRYPTED (SIGSTORE|COSIGN) PRIVATE KEY-----\s/;
const MAX_KEY_BYTES = 64 * 1024;
/** What a key file may ask of memory: cosign writes N=65536, r=8, which is 64 MiB. */
const MAX_SCRYPT_BYTES = 256 * 1024 * 1024;

interface SealedKey {
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

/**
 * Opens the private key file that `cosign generate-key-pair` and `import-key-pair` write: scrypt
 * over the password, nacl's secretbox, PKCS #8 (secure-systems-lab/go-securesystemslib, encrypted).
 * Any other is `other`: nothing is guessed.
 */
export async function openCosignKey(
  text: string,
  password: string,
): Promise<Result<OpenedKey, KeyProblem>> {
  const sealed = text.length > MAX_KEY_BYTES ? undefined : readSealedKey(text);
  if (sealed === undefined) return err('other');
  const { xsalsa20poly1305 } = await import('@noble/ciphers/salsa.js');
  const secret = await derive(password, sealed);
  // Parameters that scrypt refuses: cosign would, too.
  if (secret === undefined) return err('other');
  let opened: Uint8Array;
  try {
    opened = xsalsa20poly1305(secret, sealed.nonce).decrypt(sealed.sealed);
  } catch {
    // Decrypting fails for one reason only: its authenticator does not match.
    return err('wrong-password');
  } finally {
    secret.fill(0);
  }
  return keyIn(opened);
}

function keyIn(pkcs8: Uint8Array): Result<OpenedKey, KeyProblem> {
  let key: KeyObject;
  try {
    // The same memory: a copy in Node's pool would stay there after this one is cleared.
    const der = Buffer.from(pkcs8.buffer, pkcs8.byteOffset, pkcs8.length);
    key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } catch {
    return err('other');
  } finally {
    pkcs8.fill(0);
  }
  return openedKey(key);
}

function readSealedKey(text: string): SealedKey | undefined {
  const body = armored(text);
  if (body === undefined) return undefined;
  const json = Buffer.from(body, 'base64').toString('utf8');
  const parsed = parseUntrustedJson(json, 'the key', MAX_KEY_BYTES);
  if (!parsed.ok || !isObject(parsed.value)) return undefined;
  const kdf = objectOf(parsed.value['kdf']);
  const cipher = objectOf(parsed.value['cipher']);
  if (textOf(kdf['name'], 20) !== 'scrypt' || textOf(cipher['name'], 20) !== 'nacl/secretbox')
    return undefined;
  const { N, r, p } = objectOf(kdf['params']);
  const salt = base64Of(kdf['salt'], MAX_KEY_BYTES);
  const nonce = base64Of(cipher['nonce'], MAX_KEY_BYTES);
  const sealed = base64Of(parsed.value['ciphertext'], MAX_KEY_BYTES);
  if (!isCost(N) || !isCost(r) || !isCost(p) || 128 * N * r * p > MAX_SCRYPT_BYTES)
    return undefined;
  if (salt === undefined || nonce?.length !== 24 || sealed === undefined) return undefined;
  return { N, r, p, salt, nonce, sealed };
}

/** The text inside a PEM block, without blanks; searched from its ends, in linear time. */
function armored(text: string): string | undefined {
  const begin = BEGIN.exec(text);
  if (begin === null) return undefined;
  const from = begin.index + begin[0].length;
  const to = text.indexOf(`-----END ENCRYPTED ${begin[1]} PRIVATE KEY-----`, from);
  const body = to < 0 ? '' : text.slice(from, to).replace(/\s/g, '');
  return /^[A-Za-z0-9+/]+=*$/.test(body) ? body : undefined;
}

function isCost(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

/** Undefined where scrypt refuses the parameters, as for N not a power of 2 above 1 (RFC 7914). */
function derive(password: string, { N, r, p, salt }: SealedKey): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    try {
      // Node refuses at exactly the bytes that the parameters need; twice as much is a bound, not
      // an allocation.
      scrypt(password, salt, 32, { N, r, p, maxmem: 2 * MAX_SCRYPT_BYTES }, (error, key) => {
        resolve(error === null ? key : undefined);
      });
    } catch {
      resolve(undefined);
    }
  });
}
