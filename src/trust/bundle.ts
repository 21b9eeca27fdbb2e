import { derAt, type DerElement, derElements } from '../image/formats/der.ts';
import { parseStrictJson, readAs, type Shape } from '../image/formats/json.ts';
import { err, ok, type Result } from '../lib/errors.ts';
import { field, isObject, type JsonObject, listField, objectOf, textField } from '../lib/json.ts';
import { hasControls } from '../lib/text.ts';
import { isBundleType, MEDIA_TYPE } from '../model/image.ts';
import { type Digest, parseDigest } from '../model/reference.ts';
import type { CertificateIdentity, SignatureOrigin } from '../model/signature-origin.ts';
import type { Statement } from '../model/statement.ts';

/** An SBOM of a large image, the biggest document in any attestation, stays well below this. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

/**
 * The value of JSON that nobody has vouched for, which every reader sees alike (`parseStrictJson`),
 * in `shape` as a reader in Go decodes it. At most `maxBytes` bytes; `what` names the document in
 * the error.
 */
export function parseUntrustedJson(
  bytes: Uint8Array | string,
  what: string,
  maxBytes = MAX_DOCUMENT_BYTES,
  shape: Shape = 'any',
): Result<unknown> {
  const parsed = parseStrictJson(bytes, what, maxBytes);
  return parsed.ok ? readAs(parsed.value, shape, what) : parsed;
}

/** The first `max` elements; none of a value that is not an array. */
export function listOf(value: unknown, max: number): readonly unknown[] {
  if (!Array.isArray(value)) return [];
  const list = value as readonly unknown[];
  return list.length > max ? list.slice(0, max) : list;
}

/** The value where it is a string of at most `max` characters. */
export function textOf(value: unknown, max = 4096): string | undefined {
  return typeof value === 'string' && value.length <= max ? value : undefined;
}

/** Entries with a short string value, at most `max`. Keys such as `__proto__` stay plain keys. */
export function textsOf(value: unknown, max = 1000): Readonly<Record<string, string>> {
  const entries: [string, string][] = [];
  for (const [key, entry] of Object.entries(objectOf(value))) {
    const text = textOf(entry, 65_536);
    if (text !== undefined && key.length <= 1024) entries.push([key, text]);
    if (entries.length === max) break;
  }
  return Object.fromEntries(entries);
}

/** Bytes of base64 or base64url, padded or not (RFC 4648); undefined if not, or over `maxBytes`. */
export function base64Of(value: unknown, maxBytes: number): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length > Math.ceil(maxBytes / 3) * 4) return undefined;
  const body = value.replace(/={1,2}$/, '');
  if (/[^A-Za-z0-9+/_-]/.test(body) || body.length % 4 === 1) return undefined;
  return Buffer.from(body.replaceAll('-', '+').replaceAll('_', '/'), 'base64');
}

/* What hangs on an image, as cosign, notation and other verifiers decode it. */

/** DSSE, envelope.md. */
const ENVELOPE: Shape = {
  struct: {
    payloadType: 'text',
    payload: 'text',
    signatures: { list: { struct: { keyid: 'text', sig: 'text' } } },
  },
};

/** protobuf-specs, sigstore_bundle.proto. */
const BUNDLE: Shape = {
  struct: {
    mediaType: 'text',
    verificationMaterial: {
      struct: {
        publicKey: 'any',
        certificate: 'any',
        x509CertificateChain: 'any',
        tlogEntries: 'any',
        timestampVerificationData: 'any',
      },
    },
    dsseEnvelope: ENVELOPE,
    messageSignature: {
      struct: {
        messageDigest: { struct: { algorithm: 'any', digest: 'text' } },
        signature: 'text',
      },
    },
  },
};

/** in-toto attestation, spec/v1/statement.md and resource_descriptor.md. */
const STATEMENT: Shape = {
  struct: {
    _type: 'text',
    subject: {
      list: {
        struct: {
          name: 'text',
          uri: 'text',
          digest: { map: 'text' },
          content: 'any',
          downloadLocation: 'any',
          mediaType: 'any',
          annotations: 'any',
        },
      },
    },
    predicateType: 'text',
    predicate: 'any',
  },
};

/** sigstore/cosign, specs/SIGNATURE_SPEC.md, "Payload". */
export const SIMPLE_SIGNING: Shape = {
  struct: {
    critical: {
      struct: {
        identity: { struct: { 'docker-reference': 'text' } },
        image: { struct: { 'docker-manifest-digest': 'text' } },
        type: 'text',
      },
    },
    optional: 'any',
  },
};

/** JWS JSON serialization, flattened (RFC 7515, 7.2.2). */
export const JWS: Shape = {
  struct: { payload: 'text', protected: 'text', header: 'any', signature: 'text' },
};

/** notaryproject/specifications, signature-specification.md, "Payload". */
export const NOTATION_PAYLOAD: Shape = {
  struct: {
    targetArtifact: {
      struct: { mediaType: 'text', digest: 'text', size: 'integer', annotations: { map: 'any' } },
    },
  },
};

/** Rekor's entry as cosign keeps it in an annotation. */
export const LOG_ENTRY: Shape = {
  struct: {
    SignedEntryTimestamp: 'text',
    Payload: {
      struct: { body: 'text', integratedTime: 'integer', logIndex: 'integer', logID: 'text' },
    },
  },
};

/** Both spellings that are in use: cosign 2 and BuildKit write the older, cosign 3 the newer. */
const STATEMENT_TYPES = ['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1'];
const MAX_SUBJECTS = 10_000;

/**
 * The in-toto statement in a document: a raw statement (as in BuildKit's attestation manifest), a
 * DSSE envelope (as in cosign's `.att` images), or a sigstore bundle with a DSSE envelope.
 * Signatures are not checked: that is cosign's work. At most `maxBytes` bytes are read; the error
 * says which part is wrong.
 */
export function parseStatement(
  document: Uint8Array | string,
  maxBytes = MAX_DOCUMENT_BYTES,
): Result<Statement> {
  const parsed = parseUntrustedJson(document, 'the attestation', maxBytes);
  if (!parsed.ok) return parsed;
  if (!isObject(parsed.value)) return err('the attestation is not a JSON object');
  const object = parsed.value;
  if ('_type' in object) return statementOf(object);
  if ('payloadType' in object) return fromEnvelope(object, maxBytes);
  if (typeof object['mediaType'] === 'string') return fromBundle(object, maxBytes);
  return err('the attestation is neither a statement, a DSSE envelope nor a sigstore bundle');
}

function fromBundle(bundle: JsonObject, maxBytes: number): Result<Statement> {
  const mediaType = textOf(bundle['mediaType'], 200) ?? '';
  if (!isBundleType(mediaType)) return err('the media type of the bundle is not known');
  if (!isObject(bundle['dsseEnvelope']))
    return err('the bundle signs a message and does not contain a statement');
  return fromEnvelope(bundle['dsseEnvelope'], maxBytes);
}

/** The statement in a DSSE envelope that is parsed already. */
export function statementIn(envelope: unknown, maxBytes: number): Result<Statement> {
  return isObject(envelope)
    ? fromEnvelope(envelope, maxBytes)
    : err('the envelope is not a JSON object');
}

function fromEnvelope(untrusted: JsonObject, maxBytes: number): Result<Statement> {
  const read = readAs(untrusted, ENVELOPE, 'the envelope');
  if (!read.ok) return read;
  const envelope = objectOf(read.value);
  if (envelope['payloadType'] !== MEDIA_TYPE.inToto)
    return err(`the payload of the envelope is not of type ${MEDIA_TYPE.inToto}`);
  const payload = base64Of(envelope['payload'], maxBytes);
  if (payload === undefined) return err('the payload of the envelope is not base64, or too large');
  const parsed = parseUntrustedJson(payload, 'the statement in the envelope', maxBytes);
  if (!parsed.ok) return parsed;
  return statementOf(objectOf(parsed.value));
}

function statementOf(untrusted: JsonObject): Result<Statement> {
  const read = readAs(untrusted, STATEMENT, 'the statement');
  if (!read.ok) return read;
  const object = objectOf(read.value);
  const type = textOf(object['_type'], 200);
  if (type === undefined || !STATEMENT_TYPES.includes(type))
    return err('the statement is not of a type that in-toto defines');
  const predicateType = textOf(object['predicateType'], 1000);
  if (predicateType === undefined || predicateType === '')
    return err('the statement does not name a predicate type');
  const subjects = object['subject'];
  if (Array.isArray(subjects) && subjects.length > MAX_SUBJECTS)
    return err(`the statement has more than ${MAX_SUBJECTS} subjects`);
  return ok({
    _type: type,
    subject: listOf(subjects, MAX_SUBJECTS).map(subjectOf),
    predicateType,
    predicate: object['predicate'],
  });
}

function subjectOf(value: unknown): Statement['subject'][number] {
  const subject = objectOf(value);
  const name = textOf(subject['name']);
  const digest = textsOf(subject['digest'], 20);
  return name === undefined ? { digest } : { name, digest };
}

/** The sha256 digests of the subjects, each once; malformed ones are left out and cover nothing. */
export function subjectDigests(statement: Statement): Digest[] {
  const digests = statement.subject
    .map(({ digest }) => parseDigest(`sha256:${digest['sha256'] ?? ''}`))
    .filter((digest) => digest !== undefined);
  return [...new Set(digests)];
}

/** A sigstore bundle. With a certificate it is verified by identity, else by key. */
export interface ReadBundle {
  readonly content:
    | { readonly kind: 'envelope'; readonly envelope: unknown }
    | { readonly kind: 'message'; readonly digest: Digest | undefined };
  readonly signedWith: 'certificate' | 'key';
}

/**
 * Reads a sigstore bundle (protobuf-specs, sigstore_bundle.proto, v0.1 to v0.3) without checking
 * its signatures. Of a signed message the digest is what the bundle says it is.
 */
export function readBundle(bytes: Uint8Array, maxBytes: number): Result<ReadBundle> {
  const parsed = parseUntrustedJson(bytes, 'the bundle', maxBytes, BUNDLE);
  if (!parsed.ok) return parsed;
  const bundle = objectOf(parsed.value);
  if (!isBundleType(textOf(bundle['mediaType'], 200) ?? ''))
    return err('the media type of the bundle is not known');
  const material = objectOf(bundle['verificationMaterial']);
  const signedWith =
    isObject(material['certificate']) || isObject(material['x509CertificateChain'])
      ? 'certificate'
      : 'key';
  if (isObject(bundle['dsseEnvelope']))
    return ok({ content: { kind: 'envelope', envelope: bundle['dsseEnvelope'] }, signedWith });
  const message = bundle['messageSignature'];
  if (!isObject(message)) return err('the bundle contains neither an envelope nor a signature');
  const stated = objectOf(message['messageDigest']);
  const raw = stated['algorithm'] === 'SHA2_256' ? (base64Of(stated['digest'], 32) ?? []) : [];
  const digest = parseDigest(`sha256:${Buffer.from(raw).toString('hex')}`);
  return ok({ content: { kind: 'message', digest }, signedWith });
}

const MAX_BYTES = 64 * 1024 * 1024;

/** In a TimeStampResp: ContentInfo, SignedData, content, TSTInfo, genTime (RFC 3161, 2.4.2). */
const TIMESTAMP_TIME = [0, 1, 1, 0, 2, 1, 0, 0, 4] as const;

/**
 * Who signed a sigstore bundle, its entry in a log and when, as its parts say; nothing of it is
 * verified here. The time is the log's, else the timestamp's. Of several entries or timestamps none
 * counts.
 */
export function bundleOrigin(bytes: Uint8Array): SignatureOrigin {
  const parsed = parseStrictJson(bytes, 'it', MAX_BYTES);
  const material = parsed.ok ? field(parsed.value, 'verificationMaterial') : undefined;
  const [chained] = listField(field(material, 'x509CertificateChain'), 'certificates');
  const certificate = textField(field(material, 'certificate') ?? chained, 'rawBytes');
  const identity =
    certificate === undefined ? undefined : certificateIdentity(Buffer.from(certificate, 'base64'));
  const entry = onlyOne(listField(material, 'tlogEntries'));
  const logIndex = entry === undefined ? undefined : wholeNumber(field(entry, 'logIndex') ?? 0);
  const time = loggedAt(entry) ?? stampedAt(material);
  return {
    ...(identity === undefined ? {} : { identity }),
    ...(logIndex === undefined ? {} : { logIndex }),
    ...(time === undefined ? {} : { time }),
  };
}

/** cosign passes over what it cannot check, and does not say which of several it checked. */
function onlyOne(list: readonly unknown[]): unknown {
  return list.length === 1 ? list[0] : undefined;
}

/** Protobuf's JSON writes 64-bit numbers as texts. */
function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0
    ? number
    : undefined;
}

/** Seconds since 1970; a log of version 2 does not state it. */
function loggedAt(entry: unknown): string | undefined {
  const seconds = wholeNumber(field(entry, 'integratedTime'));
  if (seconds === undefined || seconds === 0 || seconds > 253_402_300_799) return undefined;
  return isoTime(seconds * 1000);
}

function stampedAt(material: unknown): string | undefined {
  const stamps = listField(field(material, 'timestampVerificationData'), 'rfc3161Timestamps');
  const stamp = textField(onlyOne(stamps), 'signedTimestamp');
  if (stamp === undefined) return undefined;
  const element = derAt(Buffer.from(stamp, 'base64'), TIMESTAMP_TIME);
  const text = Buffer.from(element?.body ?? []).toString('latin1');
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d{1,9})?Z$/.exec(text);
  if (parts === null) return undefined;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = ''] = parts;
  return isoTime(Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`));
}

function isoTime(ms: number): string | undefined {
  return Number.isNaN(ms) ? undefined : `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Object identifiers, in DER: RFC 5280 4.2.1.6, and Fulcio's own (its docs/oid-info.md). */
const SUBJECT_NAMES = '551d11';
const ISSUER = '2b0601040183bf300108';
const ISSUER_BEFORE = '2b0601040183bf300101';
const USER_NAME = '2b0601040183bf300107';

const EMAIL = 0x81;
const URI = 0x86;
const OTHER_NAME = 0xa0;
const EXTENSIONS = 0xa3;
const LONGEST = 4096;

/**
 * Whom a certificate (DER) of Fulcio names: its one subject alternative name and its issuer
 * extension. Undefined for any other certificate. It says nothing about who signed the certificate.
 */
export function certificateIdentity(der: Uint8Array): CertificateIdentity | undefined {
  const parts = derElements(derAt(der, [0, 0])?.body ?? new Uint8Array()) ?? [];
  const extensions = parts.find(({ tag }) => tag === EXTENSIONS);
  const list = extensions && derElements(derAt(extensions.body, [0])?.body ?? extensions.body);
  const values = new Map((list ?? []).map(extensionOf));
  const issuer = utf8Text(values.get(ISSUER)) ?? textOfOfBundleOrigin(values.get(ISSUER_BEFORE));
  const names = derElements(derAt(values.get(SUBJECT_NAMES) ?? EMPTY, [0])?.body ?? EMPTY) ?? [];
  const [name] = names;
  const subject =
    names.length === 1 && name !== undefined ? subjectOfOfBundleOrigin(name) : undefined;
  return subject === undefined || issuer === undefined ? undefined : { subject, issuer };
}

const EMPTY = new Uint8Array();

/** The identifier and the value of an extension. */
function extensionOf({ body }: DerElement): readonly [string, Uint8Array] {
  const [id, ...rest] = derElements(body) ?? [];
  return [hex(id?.body ?? EMPTY), rest.at(-1)?.body ?? EMPTY];
}

function subjectOfOfBundleOrigin({ tag, body }: DerElement): string | undefined {
  if (tag === EMAIL || tag === URI) return textOfOfBundleOrigin(body);
  if (tag !== OTHER_NAME) return undefined;
  const [id, value] = derElements(body) ?? [];
  if (id === undefined || value === undefined || hex(id.body) !== USER_NAME) return undefined;
  return utf8Text(value.body);
}

/** The text in a UTF8String. */
function utf8Text(value: Uint8Array | undefined): string | undefined {
  const element = value === undefined ? undefined : derAt(value, [0]);
  return element?.tag === 0x0c ? textOfOfBundleOrigin(element.body) : undefined;
}

function textOfOfBundleOrigin(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined || bytes.length === 0 || bytes.length > LONGEST) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return hasControls(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
