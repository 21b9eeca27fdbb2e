import { inflateSync, constants } from 'node:zlib';
import { isObject, type JsonObject, parseJson } from '../../model/json-value.ts';
import type { RawPackage } from '../layer-facts.ts';
import { type CaptureStep, DONE } from './capture.ts';
import { isPlainText } from './record.ts';

/** How the JSON of a list begins (github.com/rust-secure-code/cargo-auditable, its JSON schema). */
const BEGINNING = '{"packages":[';
/** Second bytes of a zlib header with a window of 32 KiB (RFC 1950, 2.2). */
const LEVELS = new Set([0x01, 0x5e, 0x9c, 0xda]);
export const ZLIB = 0x78;
/** Bytes that distinguish a candidate from chance, and those that a whole list may take. */
export const FIRST_LOOK = 512;
export const MAX_LIST = 4 * 1024 * 1024;
const MAX_JSON = 32 * 1024 * 1024;
/** Order in which a dynamic block states the lengths of its length codes (RFC 1951, 3.2.7). */
const LENGTH_CODES = 19;

/**
 * True where a zlib stream with a compressed block may begin: chance lets few places pass. `at` is
 * at the header; 17 bytes are checked.
 */
export function mayBeList(bytes: Buffer, at: number): boolean {
  if (!LEVELS.has(bytes[at + 1] ?? 0)) return false;
  const type = ((bytes[at + 2] ?? 0) >> 1) & 3;
  return type === 1
    ? beginsLikeList(bytes, at + 2)
    : type === 2 && hasWholeLengthCode(bytes, at + 2);
}

function bitsOf(bytes: Buffer, at: number, from: number, count: number): number {
  const byte = at + (from >> 3);
  const pair = (bytes[byte] ?? 0) | ((bytes[byte + 1] ?? 0) << 8);
  return (pair >> (from & 7)) & ((1 << count) - 1);
}

/**
 * The fixed code of a character below 144 is the character plus 48, in 8 bits, the highest first
 * (RFC 1951, 3.2.6).
 */
function beginsLikeList(bytes: Buffer, at: number): boolean {
  for (let i = 0; i < BEGINNING.length; i += 1) {
    const code = BEGINNING.charCodeAt(i) + 48;
    for (let bit = 0; bit < 8; bit += 1)
      if (bitsOf(bytes, at, 3 + 8 * i + bit, 1) !== ((code >> (7 - bit)) & 1)) return false;
  }
  return true;
}

/** The code that starts a dynamic block must be complete: the sum of 2^-length is 1. */
function hasWholeLengthCode(bytes: Buffer, at: number): boolean {
  if (bitsOf(bytes, at, 3, 5) > 29 || bitsOf(bytes, at, 8, 5) > 29) return false;
  const codes = Math.min(LENGTH_CODES, bitsOf(bytes, at, 13, 4) + 4);
  let sum = 0;
  for (let i = 0; i < codes; i += 1) {
    const length = bitsOf(bytes, at, 17 + 3 * i, 3);
    if (length > 0) sum += 1 << (7 - length);
  }
  return sum === 1 << 7;
}

/** Reads a candidate: passes on the packages of a list, or asks for more where it is cut off. */
export function readList(
  bytes: Buffer,
  take: (packages: readonly RawPackage[]) => void,
): CaptureStep {
  let text: string;
  try {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_JSON };
    text = inflateSync(bytes, options).toString('utf8');
  } catch {
    return DONE;
  }
  if (!text.startsWith(BEGINNING.slice(0, text.length))) return DONE;
  const document = text.endsWith('}') ? parseJson(text) : undefined;
  if (!isObject(document)) return { need: bytes.length * 4 };
  take(packagesOf(document));
  return DONE;
}

/** Dependencies of the program itself; those that only ran while it was built are not in it. */
function packagesOf(document: JsonObject): readonly RawPackage[] {
  const list: unknown = document['packages'];
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown): RawPackage[] => {
    if (!isObject(item) || item['kind'] === 'build') return [];
    const { name, version } = item;
    return isPlainText(name) && isPlainText(version)
      ? [{ type: 'cargo', name, version, licenses: [] }]
      : [];
  });
}
