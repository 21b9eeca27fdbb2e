import { derAt, type DerElement, derElements } from '../../formats/der.ts';
import { hasControls } from '../../model/clean-text.ts';
import type { CertificateIdentity } from '../../model/signature-origin.ts';

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
 * Whom a certificate (DER) of Fulcio names: its one subject alternative name and its issuer extension. Undefined for any other
 * certificate. It says nothing about who signed the certificate.
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
