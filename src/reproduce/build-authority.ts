import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';

/** ITU-T X.690, distinguished encoding, as far as certificates need it. */
const TAG = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  sequence: 0x30,
  set: 0x31,
} as const;

function tlv(tag: number, content: Uint8Array): Buffer {
  const size = content.length;
  const bytes: number[] = [];
  for (let left = size; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256);
  const length = size < 0x80 ? [size] : [0x80 + bytes.length, ...bytes];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tlv(TAG.sequence, Buffer.concat(parts));
}

function set(...parts: readonly Uint8Array[]): Buffer {
  return tlv(TAG.set, Buffer.concat(parts));
}

/** A positive integer from its bytes, highest first. */
function integer(bytes: Uint8Array): Buffer {
  const isNegative = ((bytes[0] ?? 0) & 0x80) !== 0;
  return tlv(TAG.integer, isNegative ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

/** `2.5.29.17`, each part below 2^31. */
function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((part) => {
    const digits = [part % 128];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift((left % 128) + 128);
    return digits;
  });
  return tlv(TAG.oid, Buffer.from(bytes));
}

function utf8(text: string): Buffer {
  return tlv(TAG.utf8, Buffer.from(text));
}

function octets(content: Uint8Array): Buffer {
  return tlv(TAG.octetString, content);
}

function bits(content: Uint8Array, unused = 0): Buffer {
  return tlv(TAG.bitString, Buffer.concat([Buffer.from([unused]), content]));
}

/**
 * Lower case without double spaces, so that OpenSSL's hash of the name equals that of its bytes.
 */
const NAME = 'scoville recording';
const LONGEST_HOST = 253;
/** Certificates kept for the next connection, 25 kB each. */
const MOST_HOSTS = 1000;
const NOT_BEFORE = '000101000000Z';
const NOT_AFTER = '491231235959Z';

/** RFC 5280, section 4.2, and RFC 5758 for the signature. */
const OID = {
  commonName: '2.5.4.3',
  ecdsaSha256: '1.2.840.10045.4.3.2',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const;

const YES = Buffer.from([0x01, 0x01, 0xff]);
const SUBJECT = [set(sequence(oid(OID.commonName), utf8(NAME)))];

/** The file name of this authority in OpenSSL's certificate folders (X509_NAME_hash). */
export const HASHED_NAME = `${createHash('sha1')
  .update(Buffer.concat(SUBJECT))
  .digest()
  .readUInt32LE(0)
  .toString(16)
  .padStart(8, '0')}.0`;

/**
 * The certificate authority of one build. Its key is only in memory and ends with the build, so
 * certificates can be valid on any day, also that of a faked clock.
 */
export class BuildAuthority {
  readonly #ca = keyPair();
  readonly #leaf = keyPair();
  readonly #contexts = new Map<string, SecureContext>();
  readonly pem = pemOf(
    certificate({
      subject: sequence(...SUBJECT),
      key: this.#ca.publicKey,
      signer: this.#ca,
      extensions: [
        extension(OID.basicConstraints, sequence(YES), true),
        // keyCertSign and cRLSign.
        extension(OID.keyUsage, bits(Buffer.from([0x06]), 1), true),
        extension(OID.subjectKeyId, octets(keyId(this.#ca.publicKey))),
      ],
    }),
  );

  /** The TLS context of a server with this name. Throws for an invalid host. */
  contextFor(host: string): SecureContext {
    const known = this.#contexts.get(host);
    if (known !== undefined) return known;
    if (this.#contexts.size >= MOST_HOSTS) this.#contexts.clear();
    const made = createSecureContext({ ...this.identityOf(host), minVersion: 'TLSv1.2' });
    this.#contexts.set(host, made);
    return made;
  }

  /** Key and certificate of a server with this name, PEM. Throws for an invalid host. */
  identityOf(host: string): { readonly key: string; readonly cert: string } {
    const name = alternativeName(host);
    const key = this.#leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const cert = pemOf(
      certificate({
        subject: sequence(),
        key: this.#leaf.publicKey,
        signer: this.#ca,
        extensions: [
          extension(OID.basicConstraints, sequence(), true),
          // digitalSignature.
          extension(OID.keyUsage, bits(Buffer.from([0x80]), 7), true),
          extension(OID.extendedKeyUsage, sequence(oid(OID.serverAuth))),
          extension(OID.subjectAltName, sequence(name), true),
          extension(OID.authorityKeyId, sequence(tlv(0x80, keyId(this.#ca.publicKey)))),
        ],
      }),
    );
    return { key, cert };
  }
}

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

function keyPair(): Pair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function certificate(of: {
  readonly subject: Uint8Array;
  readonly key: KeyObject;
  readonly signer: Pair;
  readonly extensions: readonly Uint8Array[];
}): Buffer {
  const algorithm = sequence(oid(OID.ecdsaSha256));
  const serial = randomBytes(16);
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f);
  const toSign = sequence(
    // Version 3.
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    algorithm,
    sequence(...SUBJECT),
    sequence(tlv(0x17, Buffer.from(NOT_BEFORE)), tlv(0x17, Buffer.from(NOT_AFTER))),
    of.subject,
    of.key.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...of.extensions)),
  );
  return sequence(toSign, algorithm, bits(sign('sha256', toSign, of.signer.privateKey)));
}

function extension(id: string, value: Uint8Array, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [YES] : []), octets(value));
}

/** RFC 5280, section 4.2.1.2: the hash of the public key's bits. */
function keyId(key: KeyObject): Buffer {
  const spki = key.export({ type: 'spki', format: 'der' });
  // The last 65 bytes are the uncompressed point.
  return createHash('sha1').update(spki.subarray(-65)).digest();
}

function alternativeName(host: string): Buffer {
  const version = isIP(host);
  if (version !== 0) return tlv(0x87, addressBytes(host, version));
  if (host.length > LONGEST_HOST || !/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/i.test(host))
    throw new Error('not a host');
  return tlv(0x82, Buffer.from(host.replace(/\.$/, '').toLowerCase()));
}

function addressBytes(host: string, version: number): Buffer {
  if (version === 4) return Buffer.from(host.split('.').map(Number));
  const { hostname } = new URL(`http://[${host.split('%', 1)[0] ?? ''}]/`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const all = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return Buffer.concat(all.map((group) => Buffer.from(group.padStart(4, '0'), 'hex')));
}

function pemOf(der: Buffer): string {
  return new X509Certificate(der).toString();
}

/** RFC 7292, appendix D, RFC 2985, and Java's mark of a trusted certificate. */
const OID_OF_TRUST_STORE = {
  data: '1.2.840.113549.1.7.1',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  x509: '1.2.840.113549.1.9.22.1',
  trustedKeyUsage: '2.16.840.1.113894.746875.1.1',
  anyUsage: '2.5.29.37.0',
} as const;

/**
 * A PKCS #12 store (RFC 7292) with one trusted certificate, given as PEM. Without encryption and
 * integrity code, so that Java reads it without a password.
 */
export function pkcs12(pem: string): Buffer {
  const certificate = sequence(
    oid(OID_OF_TRUST_STORE.x509),
    tlv(EXPLICIT, octets(new X509Certificate(pem).raw)),
  );
  const attribute = sequence(
    oid(OID_OF_TRUST_STORE.trustedKeyUsage),
    set(oid(OID_OF_TRUST_STORE.anyUsage)),
  );
  const bag = sequence(
    oid(OID_OF_TRUST_STORE.certificateBag),
    tlv(EXPLICIT, certificate),
    set(attribute),
  );
  const safe = sequence(content(sequence(bag)));
  return sequence(integer(Buffer.from([3])), content(safe));
}

/** Tag 0 of the context, constructed. */
const EXPLICIT = 0xa0;

function content(of: Uint8Array): Buffer {
  return sequence(oid(OID_OF_TRUST_STORE.data), tlv(EXPLICIT, octets(of)));
}
