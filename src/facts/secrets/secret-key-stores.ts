import { fileName } from '../../model/path.ts';

/** A file whose bytes, not its text, are or contain a private key. */
interface KeyStore {
  readonly id: string;
  readonly what: string;
  /** The file's name: few files are opened. */
  readonly name: RegExp;
  readonly holdsKey: (bytes: Buffer) => boolean;
}

const OID = {
  /** RSA, EC, Ed25519, Ed448, X25519, DSA: PKCS#8 `AlgorithmIdentifier` (RFC 8017, 5480, 8410). */
  algorithms: [
    '06092a864886f70d010101',
    '06072a8648ce3d0201',
    '06032b6570',
    '06032b6571',
    '06032b656e',
    '06072a8648ce380401',
  ],
  /** pkcs-12KeyBag and pkcs-12PKCS8ShroudedKeyBag (RFC 7292, section 4.2). */
  keyBags: ['060b2a864886f70d010c0a0101', '060b2a864886f70d010c0a0102'],
} as const;

function holds(bytes: Buffer, hex: string): boolean {
  return bytes.includes(Buffer.from(hex, 'hex'));
}

/** The bytes within a DER sequence; undefined where the file is none. */
function sequence(bytes: Buffer): Buffer | undefined {
  if (bytes[0] !== 0x30) return undefined;
  const first = bytes[1] ?? 0;
  const skip = first < 0x80 ? 2 : 2 + (first & 0x7f);
  return first > 0x84 ? undefined : bytes.subarray(skip);
}

/** True where bytes may begin a key or a store of keys that is found by its bytes. */
export function mayHoldKey(head: Uint8Array): boolean {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
  const isJava = bytes.length >= 4 && [0xfeedfeed, 0xcececece].includes(bytes.readUInt32BE(0));
  return (
    isJava ||
    sequence(bytes)
      ?.subarray(0, 2)
      .equals(Buffer.from([2, 1])) === true
  );
}

/** PKCS#8 or PKCS#1: version, algorithm or large number; SEC1: version 1, then key (RFC 5915). */
function isDerKey(bytes: Buffer): boolean {
  const inner = sequence(bytes);
  if (inner?.subarray(0, 2).equals(Buffer.from([2, 1])) !== true) return false;
  const rest = inner.subarray(3);
  if (inner[2] === 0 && rest[0] === 0x02 && rest[1] === 0x82) return true;
  if (inner[2] === 1 && rest[0] === 0x04 && [0x1c, 0x20, 0x30, 0x42].includes(rest[1] ?? 0))
    return true;
  return OID.algorithms.some((oid) => holds(rest.subarray(0, 32), oid));
}

/** Version 3 and a key bag in plain sight; with sealed bags, as in certificate stores, none is. */
function isPkcs12WithKey(bytes: Buffer): boolean {
  const inner = sequence(bytes);
  return (
    inner?.subarray(0, 3).equals(Buffer.from([2, 1, 3])) === true &&
    OID.keyBags.some((oid) => holds(bytes, oid))
  );
}

/** Java's own format: tag, alias, time; tag 1 is a private key, 3 a secret one, 2 a certificate. */
function isJavaStoreWithKey(bytes: Buffer): boolean {
  if (bytes.length < 16) return false;
  const magic = bytes.readUInt32BE(0);
  if (magic !== 0xfeedfeed && magic !== 0xcececece) return isPkcs12WithKey(bytes);
  const count = Math.min(bytes.readUInt32BE(8), 10_000);
  let at = 12;
  for (let entry = 0; entry < count && at + 6 <= bytes.length; entry += 1) {
    const tag = bytes.readUInt32BE(at);
    if (tag === 1 || tag === 3) return true;
    at += 6 + bytes.readUInt16BE(at + 4) + 8;
    if (at + 2 > bytes.length) return false;
    const type = bytes.readUInt16BE(at);
    if (at + 2 + type + 4 > bytes.length) return false;
    at += 2 + type + 4 + bytes.readUInt32BE(at + 2 + type);
  }
  return false;
}

const SECRET_KEY_PACKET = (bytes: Buffer): boolean => {
  // Packet tags 5 and 7, old and new format (RFC 4880, section 4.2).
  const tag = bytes[0] ?? 0;
  const kind = (tag & 0xc0) === 0xc0 ? tag & 0x3f : (tag & 0xc0) === 0x80 ? (tag >> 2) & 0x0f : 0;
  return kind === 5 || kind === 7;
};

export const KEY_STORES: readonly KeyStore[] = [
  {
    id: 'der-private-key',
    what: 'private keys in DER: PKCS#8, PKCS#1, SEC1',
    name: /\.(?:der|key|pk8|p8|pkcs8|priv)$/i,
    holdsKey: isDerKey,
  },
  {
    id: 'pkcs12-key-store',
    what: 'PKCS#12 stores with a key in them',
    name: /\.(?:p12|pfx)$/i,
    holdsKey: isPkcs12WithKey,
  },
  {
    id: 'java-key-store',
    what: 'Java key stores with a private or secret key; those of certificates alone are none',
    name: /\.(?:jks|jceks|keystore|ks|bks)$|^keystore$/i,
    holdsKey: isJavaStoreWithKey,
  },
  {
    id: 'pgp-key-ring',
    what: 'PGP secret key rings, old and new',
    // `secring.gpg`, and `private-keys-v1.d/KEYGRIP.key`. A count of letters takes V8 longer to
    // compile than a layer's names to be asked.
    name: /^[0-9A-F]+\.key$|\.(?:gpg|pgp)$/i,
    holdsKey: (bytes) =>
      SECRET_KEY_PACKET(bytes) ||
      /^(?:Key: |\()?.{0,40}(?:protected-|shadowed-)?private-key/s.test(
        bytes.toString('latin1', 0, 120),
      ),
  },
  {
    id: 'kerberos-keytab',
    what: 'Kerberos key tables',
    name: /\.keytab$/i,
    holdsKey: (bytes) => bytes[0] === 5 && (bytes[1] === 1 || bytes[1] === 2) && bytes.length > 16,
  },
  {
    id: 'gcloud-credentials-db',
    what: "gcloud's stores of refresh and access tokens",
    name: /^(?:credentials|access_tokens)\.db$/,
    holdsKey: (bytes) =>
      bytes.toString('latin1', 0, 15) === 'SQLite format 3' &&
      (holds(bytes, Buffer.from('refresh_token').toString('hex')) ||
        holds(bytes, Buffer.from('ya29.').toString('hex'))),
  },
];

/** All their names, and some more: one match of a name rules out nearly all files. */
const NAMES = new RegExp(KEY_STORES.map(({ name }) => name.source).join('|'), 'i');

/** True for files by whose name a key may be expected in binary form. */
export function isKeyStoreName(path: string): boolean {
  const name = fileName(path);
  return KEY_STORES.some((store) => store.name.test(name));
}

/** True where bytes are one DER sequence, from the first to the last. */
function isWholeSequence(bytes: Buffer): boolean {
  const inner = sequence(bytes);
  if (inner === undefined || inner.length === 0) return false;
  const skip = bytes.length - inner.length;
  const length = skip === 2 ? (bytes[1] ?? 0) : bytes.readUIntBE(2, skip - 2);
  return length === inner.length;
}

/** What bytes alone say, whatever the file is called. */
function ruleByContent(bytes: Buffer): string | undefined {
  if (bytes.length < 16) return undefined;
  if ([0xfeedfeed, 0xcececece].includes(bytes.readUInt32BE(0)))
    return isJavaStoreWithKey(bytes) ? 'java-key-store' : undefined;
  if (bytes[0] !== 0x30 || !isWholeSequence(bytes)) return undefined;
  if (isDerKey(bytes)) return 'der-private-key';
  return isPkcs12WithKey(bytes) ? 'pkcs12-key-store' : undefined;
}

/** The rule that finds a key by a file's bytes, with its name or without; undefined for no key. */
export function keyStoreRule(path: string, content: Uint8Array): string | undefined {
  const name = fileName(path);
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const named = NAMES.test(name)
    ? KEY_STORES.find((store) => store.name.test(name) && store.holdsKey(bytes))
    : undefined;
  return named?.id ?? ruleByContent(bytes);
}
