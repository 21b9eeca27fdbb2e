/** Text that stands in bytes in another spelling, as one byte a character. */
export interface View {
  readonly text: Uint8Array;
  /** Where in the bytes it is spelled. */
  readonly from: number;
  /** Bytes of the spelling for each of the text; undefined where places do not follow from each other. */
  readonly width: number | undefined;
}

/** Shorter than any secret by its shape. */
const LEAST_WIDE = 20;
/** Words of four bytes from one look to the next: 32 bytes, where the shortest run has 39. */
const LOOKS_APART = 8;
const LEAST_ENCODED = 40;
/** Lines of a block that base64 is broken into, as MIME and `base64` do: 60 characters and more. */
const LEAST_LINE = 60;

const PRINTABLE = table((code) => (code >= 0x20 && code < 0x7f) || [9, 10, 13].includes(code));
const BASE64 = table((code) => /[A-Za-z0-9+/]/.test(String.fromCharCode(code)));
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

/**
 * Runs of UTF-16 of Latin letters, of either byte order, wherever they stand: with a mark or without one, in programs too. A run cannot
 * hide between two looks, which are closer than its least length.
 */
export function wideViews(bytes: Uint8Array): readonly View[] {
  const found: View[] = [];
  if (bytes.length < 2 * LEAST_WIDE - 1) return found;
  if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(0) < 0) return found;
  // Four bytes at a time, as memory has them; a run holds those of one look wherever it begins.
  const first = (4 - (bytes.byteOffset % 4)) % 4;
  const words = new Uint32Array(
    bytes.buffer,
    bytes.byteOffset + first,
    (bytes.length - first) >> 2,
  );
  let end = 0;
  for (let look = 0; look < words.length; look += LOOKS_APART) {
    const word = words[look] ?? 0;
    // NULs two apart, and none between them.
    if (((word & 0xff00ff) === 0) === ((word & 0xff00ff00) === 0)) continue;
    const at = first + look * 4;
    if (at < end) continue;
    const start = isWide(bytes, at) ? at : isWide(bytes, at + 1) ? at + 1 : -1;
    if (start < 0) continue;
    let from = start;
    while (from >= 2 && isWide(bytes, from - 2)) from -= 2;
    let to = start + 2;
    while (to + 1 < bytes.length && isWide(bytes, to)) to += 2;
    // In the other order the last one's NUL stands before it, and none behind.
    const last = to < bytes.length && has(PRINTABLE, bytes, to) && bytes[to - 1] === 0 ? 1 : 0;
    const length = (to - from) / 2 + last;
    if (length >= LEAST_WIDE) {
      const text = new Uint8Array(length);
      for (let index = 0; index < length; index += 1) text[index] = bytes[from + index * 2] ?? 0;
      found.push({ text, from, width: 2 });
    }
    end = to;
  }
  return found;
}

/** The end of the base64 that begins at `from`, its further lines included. */
function encodedEnd(bytes: Uint8Array, from: number): number {
  let end = from;
  for (let line = from; ;) {
    while (has(BASE64, bytes, end)) end += 1;
    if (end - line < LEAST_LINE) return end;
    let next = end;
    if (bytes[next] === 13) next += 1;
    if (bytes[next] !== 10) return end;
    next += 1;
    while (bytes[next] === 32 || bytes[next] === 9) next += 1;
    if (!has(BASE64, bytes, next)) return end;
    line = next;
    end = next;
  }
}

function isReadable(text: Uint8Array): boolean {
  const head = text.subarray(0, 32);
  return head.length >= 16 && head.every((code) => code === 0 || PRINTABLE[code] === 1);
}

/** What base64, or hexadecimal, of texts says; `spend` is asked before bytes are decoded. Binary content (certificates, images) is left out. */
export function encodedViews(
  bytes: Uint8Array,
  spend: (length: number) => boolean,
): readonly View[] {
  const found: View[] = [];
  // Looks at where a run that begins now would reach its least length, and goes back: what is no letter of base64 ends all that hold it.
  for (let at = LEAST_ENCODED - 1; at < bytes.length;) {
    const from = at - LEAST_ENCODED + 1;
    let letter = at;
    while (letter >= from && BASE64[bytes[letter] ?? 0] === 1) letter -= 1;
    if (letter >= from) {
      at = letter + LEAST_ENCODED;
      continue;
    }
    const end = encodedEnd(bytes, from);
    if (maySayText(bytes, from) && spend(end - from)) {
      const text = decoded(Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from));
      if (text !== undefined) found.push({ text, from, width: undefined });
    }
    at = end + LEAST_ENCODED;
  }
  return found;
}

/** True where base64 could be ASCII by its first six bytes, or hexadecimal by its first four: what cannot is not decoded. */
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

function decoded(encoded: Buffer): Uint8Array | undefined {
  const head = encoded.toString('latin1', 0, 64);
  if (/^(?:[0-9a-f]{40,}|[0-9A-F]{40,})$/.test(head)) {
    const plain = Buffer.from(encoded.toString('latin1').replace(/[^0-9a-fA-F]/g, ''), 'hex');
    return isReadable(plain) ? plain : undefined;
  }
  if (!isReadable(Buffer.from(head, 'base64'))) return undefined;
  return Buffer.from(encoded.toString('latin1'), 'base64');
}
