import { readAs, type Shape } from '../formats/json-shape.ts';
import { parseStrictJson } from '../formats/strict-json.ts';
import { objectOf } from '../model/json-value.ts';
import type { Result } from '../model/result.ts';

/** An SBOM of a large image, the biggest document in any attestation, stays well below this. */
export const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

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
