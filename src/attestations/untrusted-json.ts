import { err, ok, type Result } from '../model/result.ts';

/** A JSON object that nobody has vouched for. */
export type UntrustedObject = Readonly<Record<string, unknown>>;

/** An SBOM of a large image, the biggest document that an attestation holds, stays well below this. */
export const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

/** Deeper than any document that is made for people or tools; what comes later may walk it by recursion. */
const MAX_DEPTH = 200;

/** Parses JSON of at most `maxBytes` bytes (UTF-8, invalid sequences refused), nested at most 200 deep; `what` names the document in the error. */
export function parseUntrustedJson(
  bytes: Uint8Array | string,
  what: string,
  maxBytes = MAX_DOCUMENT_BYTES,
): Result<unknown> {
  if (bytes.length > maxBytes) return err(`${what} is larger than ${maxBytes} bytes`);
  try {
    const text =
      typeof bytes === 'string' ? bytes : new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return isDeep(text) ? err(`${what} is nested too deep`) : ok(JSON.parse(text) as unknown);
  } catch {
    return err(`${what} is no JSON`);
  }
}

/** True where brackets outside of strings nest deeper than `MAX_DEPTH`; told before anything is parsed. */
function isDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 92) at += 1;
      else if (code === 34) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 91 || code === 123) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (code === 93 || code === 125) depth -= 1;
  }
  return false;
}

/** The value as an object; an empty one where it is none. */
export function objectOf(value: unknown): UntrustedObject {
  return isObject(value) ? value : {};
}

export function isObject(value: unknown): value is UntrustedObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The first `max` elements; none where the value is no array. */
export function listOf(value: unknown, max: number): readonly unknown[] {
  if (!Array.isArray(value)) return [];
  const list = value as readonly unknown[];
  return list.length > max ? list.slice(0, max) : list;
}

/** The value where it is a string of at most `max` characters. */
export function textOf(value: unknown, max = 4096): string | undefined {
  return typeof value === 'string' && value.length <= max ? value : undefined;
}

/** Entries whose value is a short string, at most `max` of them. Keys such as `__proto__` stay plain keys. */
export function textsOf(value: unknown, max = 1000): Readonly<Record<string, string>> {
  const entries: [string, string][] = [];
  for (const [key, entry] of Object.entries(objectOf(value))) {
    const text = textOf(entry, 65_536);
    if (text !== undefined && key.length <= 1024) entries.push([key, text]);
    if (entries.length === max) break;
  }
  return Object.fromEntries(entries);
}

/** Bytes of standard or URL-safe base64 (RFC 4648, padding optional); undefined where the text is none or holds more than `maxBytes`. */
export function base64Of(value: unknown, maxBytes: number): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length > Math.ceil(maxBytes / 3) * 4) return undefined;
  const body = value.replace(/={1,2}$/, '');
  if (/[^A-Za-z0-9+/_-]/.test(body) || body.length % 4 === 1) return undefined;
  return Buffer.from(body.replaceAll('-', '+').replaceAll('_', '/'), 'base64');
}
