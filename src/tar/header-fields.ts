import { TarError } from './tar-error.ts';
import { decodeText } from './text.ts';

export const BLOCK = 512;

/** A NUL-terminated text field. */
export function textField(block: Buffer, offset: number, length: number): string {
  const limit = offset + length;
  let end = offset;
  let bits = 0;
  for (let byte = block[end] ?? 0; byte !== 0 && end < limit; byte = block[++end] ?? 0)
    bits |= byte;
  if (end === offset) return '';
  return bits < 0x80
    ? block.toString('latin1', offset, end)
    : decodeText(block.subarray(offset, end));
}

/**
 * A number field: octal digits between blanks and NULs, or GNU's base-256 where the first bit is
 * set. Throws where it holds something else or no safe integer.
 */
export function numberField(
  block: Uint8Array,
  offset: number,
  length: number,
  field: string,
): number {
  const first = block[offset] ?? 0;
  return (first & 0x80) !== 0
    ? base256(block, offset, length, field)
    : octalField(block, offset, length, field);
}

/** A field of octal digits between blanks and NULs. */
export function octalField(
  block: Uint8Array,
  offset: number,
  length: number,
  field: string,
): number {
  let at = offset;
  let end = offset + length;
  while (at < end && isBlank(block[at])) at++;
  while (end > at && isBlank(block[end - 1])) end--;
  let value = 0;
  for (; at < end; at++) {
    const byte = block[at] ?? 0;
    // A NUL ends the digits; what follows it is padding that some writers leave dirty.
    if (byte === 0) break;
    if (byte < 0x30 || byte > 0x37) throw new TarError(`${field} is not an octal number`);
    value = value * 8 + (byte - 0x30);
  }
  return safe(value, field);
}

function base256(block: Uint8Array, offset: number, length: number, field: string): number {
  const negative = (block[offset] ?? 0) & 0x40;
  let value = 0;
  for (let i = 0; i < length; i++) {
    let byte = block[offset + i] ?? 0;
    if (negative) byte ^= 0xff;
    if (i === 0) byte &= 0x7f;
    value = value * 256 + byte;
  }
  return safe(negative ? -value - 1 : value, field);
}

function safe(value: number, field: string): number {
  if (!Number.isSafeInteger(value)) throw new TarError(`${field} is too large`);
  return value;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0;
}

/** True where the block is all zeros: the mark of an archive's end. */
export function isZeroBlock(block: Uint8Array): boolean {
  for (let i = 0; i < BLOCK; i++) if (block[i] !== 0) return false;
  return true;
}

/** A header's bytes where numbers of four can be read. */
const ALIGNED = new Uint8Array(BLOCK);
const FOURS = new Int32Array(ALIGNED.buffer);

/** Sum of all bytes, with blanks for the checksum; `signed` as some old writers computed it. */
export function headerSum(block: Uint8Array): {
  readonly unsigned: number;
  readonly signed: number;
} {
  let bits = 0;
  // Four bytes a step, each second in a half of its own: a large image has a hundred thousand
  // headers. Two sums fit into 31 bits.
  ALIGNED.set(block);
  let even = 0;
  let odd = 0;
  for (let i = 0; i < FOURS.length; i++) {
    const four = FOURS[i] ?? 0;
    even += four & 0xff00ff;
    odd += (four >>> 8) & 0xff00ff;
    bits |= four;
  }
  let unsigned = 8 * 0x20 + (even & 0xffff) + (even >>> 16) + (odd & 0xffff) + (odd >>> 16);
  for (const byte of block.subarray(148, 156)) unsigned -= byte;
  if ((bits & 0x80808080) === 0) return { unsigned, signed: unsigned };
  const high = block.filter((byte, i) => byte > 0x7f && (i < 148 || i >= 156)).length;
  return { unsigned, signed: unsigned - high * 256 };
}
