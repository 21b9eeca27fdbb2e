import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  scrypt,
  sign,
  verify,
} from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { err, ok, type Result } from '../lib/errors.ts';
import { given, isObject, objectOf } from '../lib/json.ts';
import { MEDIA_TYPE } from '../model/image.ts';
import { keyScheme } from '../model/key-scheme.ts';
import { decoded } from '../model/packages.ts';
import { type Digest, digestHex } from '../model/reference.ts';
import { base64Of, parseStatement, parseUntrustedJson, subjectDigests, textOf } from './bundle.ts';

/** A private key that was opened: signs as cosign verifies. The key itself stays inside. */
export interface OpenedKey {
  readonly sign: (bytes: Uint8Array) => Buffer;
  readonly verifies: (bytes: Uint8Array, signature: Uint8Array) => boolean;
  /** Public half, SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
}

/** `unsupported`: cosign verifies nothing with such a key. `other`: not opened here; cosign may. */
type KeyProblem = 'wrong-password' | 'unsupported' | 'other';

const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];
const LEAST_RSA_BITS = 2048;
/** What openssl writes, sealed or not (RFC 7468, RFC 5915, PKCS #1). */
const PEM = /-----BEGIN (?:ENCRYPTED |EC |RSA )?PRIVATE KEY-----/;
const SEALED = /-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED\r?$/m;
const MAX_KEY_BYTES = 64 * 1024;

/**
 * Opens a key for signing. SHA-256 with every curve and with RSA, which is what cosign 2.5 and 3.1
 * verify; Ed25519 has its own hash. A key of another kind is refused, since nobody could verify it.
 */
function openedKey(key: KeyObject): Result<OpenedKey, KeyProblem> {
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

const BEGIN = /-----BEGIN ENCRYPTED (SIGSTORE|COSIGN) PRIVATE KEY-----\s/;
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

export function publicKeyIn(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}

export function isKeyUri(ref: string): boolean {
  return keyScheme(ref) !== undefined;
}

const PIN = /([?&])pin-value=([^&]*)/gi;

/** A key's address without the PIN that a PKCS#11 URI may contain (RFC 7512, 2.4), and the PIN. */
export function withoutPin(ref: string): { readonly ref: string; readonly pin?: string } {
  if (!/^pkcs11:/i.test(ref)) return { ref };
  const pin = [...ref.matchAll(PIN)].at(-1)?.[2];
  if (pin === undefined) return { ref };
  const rest = ref.replaceAll(PIN, '$1').replace(/&&+/g, '&').replace(/\?&/, '?');
  return { ref: rest.replace(/[?&]$/, ''), pin: decoded(pin) };
}

/** How cosign gets a key: its address as an argument (others can see it), secrets as variables. */
export function keyAccess(
  address: string,
  password?: string,
): { readonly ref: string; readonly env: Readonly<Record<string, string>> } {
  const { ref, pin } = withoutPin(address);
  return {
    ref,
    env: {
      ...given({ COSIGN_PASSWORD: password, COSIGN_PKCS11_PIN: pin }),
    },
  };
}

export function keyName(ref: string): string {
  return withoutPin(ref).ref.replaceAll(/(:\/\/)[^\s/@]+@/g, '$1***@');
}

interface Claim {
  readonly subjects: readonly Digest[];
  readonly predicateType: string;
  readonly predicate: unknown;
}

/**
 * The sigstore bundle (protobuf-specs, sigstore_bundle.proto, v0.3) of an in-toto statement, signed
 * with a key: what `cosign attest-blob --key` writes, without a log entry. The signature is checked
 * with the public half before the bundle is given out.
 */
export function signBundle(key: OpenedKey, { subjects, predicateType, predicate }: Claim): Buffer {
  const statement = {
    // The version that both generations of cosign read.
    _type: 'https://in-toto.io/Statement/v0.1',
    predicateType,
    subject: subjects.map((subject) => ({
      name: digestHex(subject),
      digest: { sha256: digestHex(subject) },
    })),
    predicate,
  };
  const payload = Buffer.from(JSON.stringify(statement));
  const signed = preAuthEncoding(MEDIA_TYPE.inToto, payload);
  return Buffer.from(
    JSON.stringify({
      mediaType: MEDIA_TYPE.sigstoreBundle,
      verificationMaterial: {
        publicKey: { hint: createHash('sha256').update(key.publicKey).digest('base64') },
      },
      dsseEnvelope: {
        payload: payload.toString('base64'),
        payloadType: MEDIA_TYPE.inToto,
        signatures: [{ sig: signBytes(key, signed) }],
      },
    }),
  );
}

/** Why a bundle that was just made does not state the claim alone; undefined where it does. */
export function misstated(
  bundle: Uint8Array,
  { subjects, predicateType, predicate }: Claim,
): string | undefined {
  const found = parseStatement(bundle);
  if (!found.ok) return found.error;
  const { value: statement } = found;
  const about = subjectDigests(statement);
  if (statement.subject.length !== subjects.length || !isDeepStrictEqual(about, subjects))
    return `its subject is ${about.join(', ') || 'nothing'}, not ${subjects.join(', ')}`;
  if (statement.predicateType !== predicateType)
    return `its predicate type is ${statement.predicateType}, not ${predicateType}`;
  const given = parseUntrustedJson(JSON.stringify(predicate), 'the predicate');
  return given.ok && isDeepStrictEqual(statement.predicate, given.value)
    ? undefined
    : 'its predicate is not the one that was given';
}

/** A signature over plain bytes, base64, checked with the public half. */
export function signBytes(key: OpenedKey, bytes: Uint8Array): string {
  const signature = key.sign(bytes);
  if (!key.verifies(bytes, signature))
    throw new Error('a signature that was just made does not verify with its own public key');
  return signature.toString('base64');
}

/** What a DSSE signature is over (secure-systems-lab/dsse, protocol.md, PAE). */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType);
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} `),
    type,
    Buffer.from(` ${payload.length} `),
    payload,
  ]);
}
