import { mayHoldKey } from './credential-files.ts';
import {
  BASE64_RUN,
  type Findings,
  UTF16,
  UTF16_END,
  UTF16_NUL_FIRST,
} from './kernel/byte-scan.ts';
import { isPacked, isZlib, ZLIB_HEAD } from './open-content.ts';

type Pairs = ArrayLike<number>;

/** Text that is in bytes in another spelling, as one byte a character. */
interface View {
  readonly text: Uint8Array;
  readonly from: number;
  /** Bytes of the spelling per byte of text; undefined where places do not map to each other. */
  readonly width: number | undefined;
}

/** Shorter than any secret by its shape. */
const LEAST_WIDE = 20;
/** Bytes of content of which the texts are put into memory that is there. */
const USUAL_BYTES = 1024 * 1024;
/** What a try to unpack costs, in bytes to decode. */
const ZLIB_TRY = 2000;
/** Lines of a block that base64 is broken into, as MIME and `base64` do: 60 characters and more. */
const LEAST_LINE = 60;

const PRINTABLE = table((code) => (code >= 0x20 && code < 0x7f) || [9, 10, 13].includes(code));
const BASE64 = table((code) => /[A-Za-z0-9+/]/.test(String.fromCharCode(code)));
/** The alphabet of URLs too: a name or a word with a dash ends what is not packed. */
const BASE64_URL = table((code) => /[\w+/-]/.test(String.fromCharCode(code)));
const HEX = table((code) => /[0-9A-Fa-f]/.test(String.fromCharCode(code)));
/** What the first of two digits is where they spell a byte of text, or a NUL. */
const HEX_HIGH = table((code) => /[02-7]/.test(String.fromCharCode(code)));
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** What a letter of base64 is worth. */
const WORTH = Uint8Array.from({ length: 256 }, (_, code) =>
  Math.max(0, LETTERS.indexOf(String.fromCharCode(code))),
);

function table(is: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (is(code) ? 1 : 0));
}

function has(kind: Uint8Array, bytes: Uint8Array, at: number): boolean {
  return kind[bytes[at] ?? 0] === 1;
}

/** True where at `at` a character stands as UTF-16 of Latin letters has it: it and a NUL. */
function isWide(bytes: Uint8Array, at: number): boolean {
  return has(PRINTABLE, bytes, at) && bytes[at + 1] === 0;
}

let memory: Uint8Array | undefined;

/**
 * Runs of UTF-16 of Latin letters, of either byte order, wherever they stand: with a mark or
 * without one, in programs too. The texts are parts of one memory, with a NUL between them, which
 * the next call uses again: `viewsWithFindings` copies what is kept.
 */
export function wideViews(bytes: Uint8Array, findings: Pairs): readonly View[] {
  const found: View[] = [];
  memory ??= new Uint8Array(USUAL_BYTES);
  const texts = bytes.length <= USUAL_BYTES ? memory : new Uint8Array(bytes.length);
  let used = 0;
  let end = 0;
  /** Of the present run, the first letter in a whole block. */
  let first = 0;
  for (let run = 0; run < findings.length; run += 2) {
    const kind = findings[run];
    const block = findings[run + 1] ?? 0;
    if (kind === UTF16 || kind === UTF16_NUL_FIRST) first = kind === UTF16 ? block : block + 1;
    if (kind !== UTF16_END || first < end) continue;
    let from = first;
    // The first letter that may not be one: the block behind begins with it, or with the NUL of the
    // one before.
    let to = block - (first % 2);
    while (from >= 2 && isWide(bytes, from - 2)) from -= 2;
    while (to + 1 < bytes.length && isWide(bytes, to)) to += 2;
    // After the end, zeros look like NULs.
    if (to > bytes.length) to -= 2;
    // In the other order the last one's NUL stands before it, and none behind.
    const hasLast = to < bytes.length && has(PRINTABLE, bytes, to) && bytes[to - 1] === 0;
    const length = (to - from) / 2 + (hasLast ? 1 : 0);
    if (length >= LEAST_WIDE) {
      const text = texts.subarray(used, used + length);
      for (let letter = 0; letter < length; letter += 1)
        text[letter] = bytes[from + 2 * letter] ?? 0;
      texts[used + length] = 0;
      found.push({ text, from, width: 2 });
      used += length + 1;
    }
    end = to;
  }
  return found;
}

/**
 * Of what `wideViews` gave, the views in which `scan` finds something. It is asked once for all of
 * them: a program may have 40,000, nearly all in vain.
 */
export function viewsWithFindings(
  views: readonly View[],
  scan: (texts: Uint8Array) => Findings,
): readonly View[] {
  const last = views.at(-1)?.text;
  const copied = (view: View): View => ({ ...view, text: view.text.slice() });
  if (last === undefined || views.length === 1) return views.map(copied);
  const findings = scan(new Uint8Array(last.buffer, 0, last.byteOffset + last.length));
  const places = findings.filter((_, index) => index % 2 === 1).sort();
  let next = 0;
  const kept = views.filter(({ text }) => {
    while ((places[next] ?? Infinity) < text.byteOffset) next += 1;
    return (places[next] ?? Infinity) < text.byteOffset + text.length;
  });
  return kept.map(copied);
}

/** The end of the base64 from `from` to at least `known`, with its further lines. */
function encodedEnd(bytes: Uint8Array, from: number, known: number, letters = BASE64): number {
  let end = known;
  for (let line = from; ;) {
    while (has(letters, bytes, end)) end += 1;
    if (end - line < LEAST_LINE) return end;
    let next = end;
    if (bytes[next] === 13) next += 1;
    if (bytes[next] !== 10) return end;
    next += 1;
    while (bytes[next] === 32 || bytes[next] === 9) next += 1;
    if (!has(letters, bytes, next)) return end;
    line = next;
    end = next;
  }
}

function isReadable(text: Uint8Array): boolean {
  const head = text.subarray(0, 32);
  return head.length >= 16 && head.every((code) => code === 0 || PRINTABLE[code] === 1);
}

/**
 * The texts in base64 or hexadecimal. Asks `spend` before it decodes bytes, hands what is packed to
 * `packed`, and leaves out other binary content (certificates, images).
 */
export function encodedViews(
  bytes: Uint8Array,
  findings: Pairs,
  spend: (length: number) => boolean,
  packed: (bytes: Uint8Array, from: number) => void,
): readonly View[] {
  const found: View[] = [];
  let looked = 0;
  for (let run = 0; run < findings.length; run += 2) {
    const from = findings[run + 1] ?? 0;
    if (findings[run] !== BASE64_RUN || from < looked) continue;
    const end = encodedEnd(bytes, from, findings[run + 3] ?? from);
    looked = end;
    const encoded = Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from);
    const head = plainOf(encoded.subarray(0, 64));
    if (
      isPacked(head) ||
      (head[0] === 0x78 &&
        spend(ZLIB_TRY) &&
        isZlib(plainOf(encoded.subarray(0, 2 * ZLIB_HEAD)))) ||
      (mayHoldKey(head) && !isArmored(bytes, from))
    ) {
      if (has(BASE64_URL, bytes, end)) looked = encodedEnd(bytes, from, end, BASE64_URL);
      const whole = Buffer.from(bytes.buffer, bytes.byteOffset + from, looked - from);
      if (spend(whole.length)) packed(plainOf(whole), from);
    } else if (maySayText(bytes, from) && spend(end - from)) {
      const text = decoded(encoded);
      if (text !== undefined) found.push({ text, from, width: undefined });
    }
  }
  return found;
}

/** True where the first six bytes of base64, or four of hexadecimal, may be ASCII; else skip it. */
function maySayText(bytes: Uint8Array, from: number): boolean {
  let high = 0;
  for (let at = from; at < from + 8; at += 4)
    high |=
      (worth(bytes[at]) << 18) |
      (worth(bytes[at + 1]) << 12) |
      (worth(bytes[at + 2]) << 6) |
      worth(bytes[at + 3]);
  return (high & 0x808080) === 0 || isHexText(bytes, from);
}

function isHexText(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at < from + 8; at += 2)
    if (HEX_HIGH[bytes[at] ?? 0] === 0 || HEX[bytes[at + 1] ?? 0] === 0) return false;
  return true;
}

function worth(letter: number | undefined): number {
  return WORTH[letter ?? 0] ?? 0;
}

/** True for a key in PEM, by its header. */
function isArmored(bytes: Uint8Array, from: number): boolean {
  const start = Math.max(0, from - 64);
  const before = Buffer.from(bytes.buffer, bytes.byteOffset + start, from - start);
  return before.toString('latin1').trimEnd().endsWith('-----');
}

function decoded(encoded: Buffer): Uint8Array | undefined {
  return isReadable(plainOf(encoded.subarray(0, 64))) ? plainOf(encoded) : undefined;
}

const HEX_HEAD = /^(?:[0-9a-f]{40}|[0-9A-F]{40})/;

function plainOf(encoded: Buffer): Uint8Array {
  const text = encoded.toString('latin1');
  return bytesOf(
    HEX_HEAD.test(text)
      ? Buffer.from(text.replace(/[^0-9a-fA-F]/g, ''), 'hex')
      : Buffer.from(text, 'base64'),
  );
}

/** Not as a Buffer: code that meets one class of bytes only is compiled once. */
function bytesOf({ buffer, byteOffset, byteLength }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
