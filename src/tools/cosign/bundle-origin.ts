import { derAt } from '../../formats/der.ts';
import { parseStrictJson } from '../../formats/strict-json.ts';
import { field, listField, textField } from '../../model/json-value.ts';
import type { SignatureOrigin } from '../../model/signature-origin.ts';
import { certificateIdentity } from './certificate.ts';

const MAX_BYTES = 64 * 1024 * 1024;

/** Within a TimeStampResp: ContentInfo, SignedData, its content, the TSTInfo, its genTime (RFC 3161, 2.4.2). */
const TIMESTAMP_TIME = [0, 1, 1, 0, 2, 1, 0, 0, 4] as const;

/**
 * Who signed a sigstore bundle, its entry in a log and when, as its parts say; nothing of it is verified here. The time is the log's,
 * else the first timestamp's.
 */
export function bundleOrigin(bytes: Uint8Array): SignatureOrigin {
  const parsed = parseStrictJson(bytes, 'it', MAX_BYTES);
  const material = parsed.ok ? field(parsed.value, 'verificationMaterial') : undefined;
  const [chained] = listField(field(material, 'x509CertificateChain'), 'certificates');
  const certificate = textField(field(material, 'certificate') ?? chained, 'rawBytes');
  const identity =
    certificate === undefined ? undefined : certificateIdentity(Buffer.from(certificate, 'base64'));
  const [entry] = listField(material, 'tlogEntries');
  const logIndex = entry === undefined ? undefined : wholeNumber(field(entry, 'logIndex') ?? 0);
  const time = loggedAt(entry) ?? stampedAt(material);
  return {
    ...(identity === undefined ? {} : { identity }),
    ...(logIndex === undefined ? {} : { logIndex }),
    ...(time === undefined ? {} : { time }),
  };
}

/** Protobuf's JSON writes 64-bit numbers as texts. */
function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0
    ? number
    : undefined;
}

/** Seconds since 1970; a log of version 2 tells no time. */
function loggedAt(entry: unknown): string | undefined {
  const seconds = wholeNumber(field(entry, 'integratedTime'));
  if (seconds === undefined || seconds === 0 || seconds > 253_402_300_799) return undefined;
  return isoTime(seconds * 1000);
}

function stampedAt(material: unknown): string | undefined {
  const [first] = listField(field(material, 'timestampVerificationData'), 'rfc3161Timestamps');
  const stamp = textField(first, 'signedTimestamp');
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
