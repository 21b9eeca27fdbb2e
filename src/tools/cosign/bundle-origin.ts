import { derAt, type DerElement, derElements } from '../../formats/der.ts';
import { parseStrictJson } from '../../formats/strict-json.ts';
import { hasControls } from '../../model/clean-text.ts';
import { field, listField, textField } from '../../model/json-value.ts';
import type { SignatureOrigin, CertificateIdentity } from '../../model/signature-origin.ts';

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
  const issuer = utf8Text(values.get(ISSUER)) ?? textOf(values.get(ISSUER_BEFORE));
  const names = derElements(derAt(values.get(SUBJECT_NAMES) ?? EMPTY, [0])?.body ?? EMPTY) ?? [];
  const [name] = names;
  const subject = names.length === 1 && name !== undefined ? subjectOf(name) : undefined;
  return subject === undefined || issuer === undefined ? undefined : { subject, issuer };
}

const EMPTY = new Uint8Array();

/** The identifier and the value of an extension. */
function extensionOf({ body }: DerElement): readonly [string, Uint8Array] {
  const [id, ...rest] = derElements(body) ?? [];
  return [hex(id?.body ?? EMPTY), rest.at(-1)?.body ?? EMPTY];
}

function subjectOf({ tag, body }: DerElement): string | undefined {
  if (tag === EMAIL || tag === URI) return textOf(body);
  if (tag !== OTHER_NAME) return undefined;
  const [id, value] = derElements(body) ?? [];
  if (id === undefined || value === undefined || hex(id.body) !== USER_NAME) return undefined;
  return utf8Text(value.body);
}

/** The text in a UTF8String. */
function utf8Text(value: Uint8Array | undefined): string | undefined {
  const element = value === undefined ? undefined : derAt(value, [0]);
  return element?.tag === 0x0c ? textOf(element.body) : undefined;
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
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
