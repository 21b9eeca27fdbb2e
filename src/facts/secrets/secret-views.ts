import { mayHoldKey } from './credential-files.ts';
import { BASE64_RUN, UTF16, UTF16_END, UTF16_NUL_FIRST } from './kernel/byte-scan.ts';
import { isPacked, isTar, isZlib, mayBeZlib, ZLIB_HEAD } from './open-content.ts';

type Pairs = ArrayLike<number>;

/** Text that is in bytes in another spelling, as one byte a character. */
interface View {
  readonly text: Uint8Array;
  readonly from: number;
  /** Bytes of the spelling per byte of text; 0 where places do not map to each other. */
  readonly width: number;
}

/** Shorter than any secret by its shape. */
const LEAST_WIDE = 20;
/** What a try to unpack costs, in bytes to decode. */
const ZLIB_TRY = 2000;
/** Lines of a block that base64 is broken into, as MIME and `base64` do: 60 characters and more. */
const LEAST_LINE = 60;

const PRINTABLE = table((code) => (code >= 0x20 && code < 0x7f) || [9, 10, 13].includes(code));
const BASE64 = table((code) => /[A-Za-z0-9+/]/.test(String.fromCharCode(code)));
/** The alphabet of URLs too: a name or a word with a dash ends what is not packed. */
const BASE64_URL = table((code) => /[\w+/-]/.test(String.fromCharCode(code)));

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

/** No pattern matches over both. */
const BETWEEN = Buffer.from('\0\n');

/**
 * Views as one text, since a program may have 40,000, nearly all in vain; and where in the bytes a
 * place of it is.
 */
export function joinedViews(views: readonly View[]): {
  readonly text: Uint8Array;
  readonly placeOf: (at: number) => number;
} {
  let length = 0;
  const starts = views.map(({ text }) => (length += text.length + BETWEEN.length) - text.length);
  return {
    text: bytesOf(Buffer.concat(views.flatMap(({ text }) => [BETWEEN, text]))),
    placeOf: (at) => {
      const index = starts.findLastIndex((start) => start <= at);
      const { from = 0, width = 0 } = views[index] ?? {};
      return from + (at - (starts[index] ?? 0)) * width;
    },
  };
}

/**
 * Runs of UTF-16 of Latin letters, of either byte order, wherever they stand: with a mark or
 * without one, in programs too.
 */
export function wideViews(bytes: Uint8Array, findings: Pairs): readonly View[] {
  const found: View[] = [];
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
    const text = new Uint8Array((to - from) / 2 + (hasLast ? 1 : 0));
    for (let letter = 0; letter < text.length; letter += 1)
      text[letter] = bytes[from + 2 * letter] ?? 0;
    if (text.length >= LEAST_WIDE) found.push({ text, from, width: 2 });
    end = to;
  }
  return found;
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
      (mayBeZlib(head) && spend(ZLIB_TRY) && isZlib(plainOf(encoded.subarray(0, 2 * ZLIB_HEAD)))) ||
      // A name of a file, and zeros.
      (head.at(-1) === 0 && isTar(plainOf(encoded.subarray(0, 768)))) ||
      (mayHoldKey(head) && !isArmored(bytes, from))
    ) {
      if (has(BASE64_URL, bytes, end)) looked = encodedEnd(bytes, from, end, BASE64_URL);
      const whole = Buffer.from(bytes.buffer, bytes.byteOffset + from, looked - from);
      if (spend(whole.length)) packed(plainOf(whole), from);
    } else if (isReadable(head) && spend(end - from))
      found.push({ text: plainOf(encoded), from, width: 0 });
  }
  return found;
}

/** True for a key in PEM, by its header. */
function isArmored(bytes: Uint8Array, from: number): boolean {
  const start = Math.max(0, from - 64);
  const before = Buffer.from(bytes.buffer, bytes.byteOffset + start, from - start);
  return before.toString('latin1').trimEnd().endsWith('-----');
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
