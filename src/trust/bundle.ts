import { X509Certificate } from 'node:crypto';
import { derAt, type DerElement, derElements } from '../image/formats/der.ts';
import { parseStrictJson, readAs, type Shape } from '../image/formats/json.ts';
import { err, ok, type Result } from '../lib/errors.ts';
import { field, given, isObject, type JsonObject, listField, objectOf } from '../lib/json.ts';
import { hasControls } from '../lib/text.ts';
import { LATEST_EPOCH } from '../lib/time.ts';
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

export function listOf(value: unknown, max: number): readonly unknown[] {
  if (!Array.isArray(value)) return [];
  const list = value as readonly unknown[];
  return list.length > max ? list.slice(0, max) : list;
}

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
export function base64Of(value: unknown, maxBytes: number): Buffer | undefined {
  if (typeof value !== 'string' || value.length > Math.ceil(maxBytes / 3) * 4) return undefined;
  const body = value.replace(/={1,2}$/, '');
  if (/[^A-Za-z0-9+/_-]/.test(body) || body.length % 4 === 1) return undefined;
  return Buffer.from(body.replaceAll('-', '+').replaceAll('_', '/'), 'base64');
}

/** A structure of Go: fields that are texts, fields that are not read, and others. */
function struct(texts: string, any = '', more: Readonly<Record<string, Shape>> = {}): Shape {
  const fields = (names: string, shape: Shape): readonly (readonly [string, Shape])[] =>
    names.split(' ').flatMap((name) => (name === '' ? [] : [[name, shape] as const]));
  const entries = [...fields(texts, 'text'), ...fields(any, 'any')];
  return { struct: { ...Object.fromEntries(entries), ...more } };
}

/* What hangs on an image, as cosign, notation and other verifiers decode it. */

/** DSSE, envelope.md. */
const ENVELOPE = struct('payloadType payload', '', { signatures: { list: struct('keyid sig') } });

/** protobuf-specs, sigstore_bundle.proto. */
const BUNDLE = struct('mediaType', '', {
  verificationMaterial: struct(
    '',
    'publicKey certificate x509CertificateChain tlogEntries timestampVerificationData',
  ),
  dsseEnvelope: ENVELOPE,
  messageSignature: struct('signature', '', { messageDigest: struct('digest', 'algorithm') }),
});

/** in-toto attestation, spec/v1/statement.md and resource_descriptor.md. */
const STATEMENT = struct('_type predicateType', 'predicate', {
  subject: {
    list: struct('name uri', 'content downloadLocation mediaType annotations', {
      digest: { map: 'text' },
    }),
  },
});

/** sigstore/cosign, specs/SIGNATURE_SPEC.md, "Payload". */
export const SIMPLE_SIGNING = struct('', 'optional', {
  critical: struct('type', '', {
    identity: struct('docker-reference'),
    image: struct('docker-manifest-digest'),
  }),
});

/** Rekor's entry as cosign keeps it in an annotation. */
export const LOG_ENTRY = struct('SignedEntryTimestamp', '', {
  Payload: struct('body logID', '', { integratedTime: 'integer', logIndex: 'integer' }),
});

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
  if ('payloadType' in object) return statementIn(object, maxBytes);
  if (typeof object['mediaType'] !== 'string')
    return err('the attestation is neither a statement, a DSSE envelope nor a sigstore bundle');
  const bundle = bundleOf(object);
  if (!bundle.ok) return bundle;
  return bundle.value.envelope === undefined
    ? err('the bundle signs a message and does not contain a statement')
    : statementIn(bundle.value.envelope, maxBytes);
}

export function statementIn(untrusted: unknown, maxBytes: number): Result<Statement> {
  if (!isObject(untrusted)) return err('the envelope is not a JSON object');
  const read = readAs(untrusted, ENVELOPE, 'the envelope');
  if (!read.ok) return read;
  const envelope = objectOf(read.value);
  if (envelope['payloadType'] !== MEDIA_TYPE.inToto)
    return err(`the payload of the envelope is not of type ${MEDIA_TYPE.inToto}`);
  const payload = base64Of(envelope['payload'], maxBytes);
  if (payload === undefined) return err('the payload of the envelope is not base64, or too large');
  const parsed = parseUntrustedJson(payload, 'the statement in the envelope', maxBytes);
  return parsed.ok ? statementOf(objectOf(parsed.value)) : parsed;
}

function statementOf(untrusted: JsonObject): Result<Statement> {
  const read = readAs(untrusted, STATEMENT, 'the statement');
  if (!read.ok) return read;
  const { _type, predicateType, subject, predicate } = objectOf(read.value);
  const type = textOf(_type, 200);
  if (type === undefined || !STATEMENT_TYPES.includes(type))
    return err('the statement is not of a type that in-toto defines');
  const about = textOf(predicateType, 1000) ?? '';
  if (about === '') return err('the statement does not name a predicate type');
  if (Array.isArray(subject) && subject.length > MAX_SUBJECTS)
    return err(`the statement has more than ${MAX_SUBJECTS} subjects`);
  const subjects = listOf(subject, MAX_SUBJECTS).map((one) => {
    const name = textOf(field(one, 'name'));
    const digest = textsOf(field(one, 'digest'), 20);
    return name === undefined ? { digest } : { name, digest };
  });
  return ok({ _type: type, subject: subjects, predicateType: about, predicate });
}

export function subjectDigests(statement: Statement): Digest[] {
  const digests = statement.subject
    .map(({ digest }) => parseDigest(`sha256:${digest['sha256'] ?? ''}`))
    .filter((digest) => digest !== undefined);
  return [...new Set(digests)];
}

/** A sigstore bundle, of which nothing is checked. */
export interface ReadBundle {
  /** With a certificate it is verified by identity, else by key. */
  readonly signedWith: 'certificate' | 'key';
  /** Undefined where plain bytes are signed. */
  readonly envelope: JsonObject | undefined;
  /** Of plain bytes: their digest as the bundle states it, and the signature in base64. */
  readonly digest: Digest | undefined;
  readonly signature: unknown;
  /** DER, the leaf first. */
  readonly certificates: readonly Buffer[];
  readonly logEntries: readonly JsonObject[];
}

const MAX_CERTIFICATE = 64 * 1024;

/** Reads a sigstore bundle (protobuf-specs, sigstore_bundle.proto, v0.1 to v0.3). */
export function readBundle(bytes: Uint8Array, maxBytes = MAX_DOCUMENT_BYTES): Result<ReadBundle> {
  const parsed = parseUntrustedJson(bytes, 'the bundle', maxBytes);
  return parsed.ok ? bundleOf(parsed.value) : parsed;
}

function bundleOf(untrusted: unknown): Result<ReadBundle> {
  const read = readAs(untrusted, BUNDLE, 'the bundle');
  if (!read.ok) return read;
  const { mediaType, verificationMaterial, dsseEnvelope, messageSignature } = objectOf(read.value);
  if (!isBundleType(textOf(mediaType, 200) ?? ''))
    return err('the media type of the bundle is not known');
  const envelope = isObject(dsseEnvelope) ? dsseEnvelope : undefined;
  if (envelope === undefined && !isObject(messageSignature))
    return err('the bundle contains neither an envelope nor a signature');
  const material = objectOf(verificationMaterial);
  const { certificate, x509CertificateChain: chain, tlogEntries } = material;
  const given = isObject(certificate) ? [certificate] : listField(chain, 'certificates');
  const { messageDigest, signature } = objectOf(messageSignature);
  const { algorithm, digest } = objectOf(messageDigest);
  const raw = algorithm === 'SHA2_256' ? (base64Of(digest, 32) ?? []) : [];
  return ok({
    signedWith: isObject(certificate) || isObject(chain) ? 'certificate' : 'key',
    envelope,
    digest: parseDigest(`sha256:${Buffer.from(raw).toString('hex')}`),
    signature,
    certificates: listOf(given, 10).map(
      (one) => base64Of(field(one, 'rawBytes'), MAX_CERTIFICATE) ?? Buffer.alloc(0),
    ),
    logEntries: listOf(tlogEntries, 10).map(objectOf),
  });
}

export function certificateIn(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

/**
 * Who signed a sigstore bundle, its entry in a log and when, as its parts say; nothing of it is
 * verified here. Of several entries none counts: cosign passes over what it cannot check, and does
 * not say which of several it checked.
 */
export function bundleOrigin(bytes: Uint8Array): SignatureOrigin {
  const read = readBundle(bytes);
  if (!read.ok) return {};
  const { certificates, logEntries } = read.value;
  const [leaf] = certificates;
  const identity = leaf === undefined ? undefined : certificateIdentity(leaf);
  const entry = logEntries.length === 1 ? logEntries[0] : undefined;
  const logIndex = entry && wholeNumber(entry['logIndex'] ?? 0);
  // A log of version 2 does not state it. RFC 3339 has no year after 9999.
  const seconds = wholeNumber(entry?.['integratedTime']) || Number.POSITIVE_INFINITY;
  const time =
    seconds <= LATEST_EPOCH ? `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z` : undefined;
  return given({ identity, logIndex, time });
}

/** Protobuf's JSON writes 64-bit numbers as texts. */
function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0
    ? number
    : undefined;
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
const UTF8_STRING = 0x0c;
const LONGEST = 4096;
const EMPTY = new Uint8Array();

/**
 * Whom a certificate (DER) of Fulcio names: its one subject alternative name and its issuer
 * extension. Undefined for any other certificate. It says nothing about who signed the certificate.
 */
export function certificateIdentity(der: Uint8Array): CertificateIdentity | undefined {
  const parts = derElements(derAt(der, [0, 0])?.body ?? EMPTY) ?? [];
  const extensions = parts.find(({ tag }) => tag === EXTENSIONS);
  const list = extensions && derElements(derAt(extensions.body, [0])?.body ?? extensions.body);
  const values = new Map(
    (list ?? []).map(({ body }) => {
      const [id, ...rest] = derElements(body) ?? [];
      return [hex(id), rest.at(-1)?.body ?? EMPTY] as const;
    }),
  );
  const issuer = utf8Text(values.get(ISSUER)) ?? plainText(values.get(ISSUER_BEFORE));
  const names = derElements(derAt(values.get(SUBJECT_NAMES) ?? EMPTY, [0])?.body ?? EMPTY) ?? [];
  const subject = names.length === 1 ? nameIn(names[0]) : undefined;
  return subject === undefined || issuer === undefined ? undefined : { subject, issuer };
}

function nameIn(name: DerElement | undefined): string | undefined {
  if (name?.tag === EMAIL || name?.tag === URI) return plainText(name.body);
  if (name?.tag !== OTHER_NAME) return undefined;
  const [id, value] = derElements(name.body) ?? [];
  return hex(id) === USER_NAME ? utf8Text(value?.body) : undefined;
}

function utf8Text(value: Uint8Array = EMPTY): string | undefined {
  const element = derAt(value, [0]);
  return element?.tag === UTF8_STRING ? plainText(element.body) : undefined;
}

function plainText(bytes: Uint8Array = EMPTY): string | undefined {
  if (bytes.length === 0 || bytes.length > LONGEST) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return hasControls(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function hex(element: DerElement | undefined): string {
  return Buffer.from(element?.body ?? EMPTY).toString('hex');
}
