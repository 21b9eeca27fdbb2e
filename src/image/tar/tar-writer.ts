import { plainEntry, type TarEntry, type TarType } from '../../model/image.ts';
import { BLOCK, encodeText, formatPax, isAscii, TarError } from './tar-header.ts';

export const TAR_END: Uint8Array = new Uint8Array(2 * BLOCK);

const NO_BYTES = new Uint8Array(0);
const FLAGS: Readonly<Record<TarType, string | undefined>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
  other: undefined,
};

/** Zeros that fill content of `size` bytes up to a whole block. */
export function tarPadding(size: number): Uint8Array {
  const over = size % BLOCK;
  return over === 0 ? NO_BYTES : TAR_END.subarray(0, BLOCK - over);
}

/** A whole entry of a file. */
export function tarFile(name: string, content: Uint8Array, mode: number): Uint8Array {
  const { length } = content;
  return Buffer.concat([
    tarHeader(plainEntry(name, 'file', length, mode)),
    content,
    tarPadding(length),
  ]);
}

/**
 * The header blocks of an entry: ustar, with a pax header in front where a field does not fit or
 * the entry has records of its own. The same entry gives the same bytes. Content of `size` bytes,
 * then `tarPadding(size)`, has to follow.
 */
export function tarHeader(entry: TarEntry): Uint8Array {
  const records = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries(entry.pax))
    records.set(key, Buffer.from(value, 'latin1'));
  const block = new Uint8Array(BLOCK);
  putName(block, encodeText(entry.name), records);
  putText(block, 157, 100, entry.linkname, 'linkpath', records);
  putText(block, 265, 32, entry.uname, 'uname', records);
  putText(block, 297, 32, entry.gname, 'gname', records);
  putNumber(block, 108, 8, entry.uid, 'uid', records);
  putNumber(block, 116, 8, entry.gid, 'gid', records);
  putNumber(block, 124, 12, entry.size, 'size', records);
  putNumber(block, 136, 12, entry.mtime, 'mtime', records);
  const flag = FLAGS[entry.type] ?? entry.typeflag;
  putRest(block, entry, flag);
  if (records.size === 0) return block;
  const pax = formatPax(records);
  return Buffer.concat([paxBlock(entry.name, pax.length), pax, tarPadding(pax.length), block]);
}

function putRest(block: Uint8Array, entry: TarEntry, flag: string): void {
  octal(block, 100, 8, entry.mode & 0o7777);
  block[156] = flag.charCodeAt(0);
  block.set(Buffer.from('ustar\x0000', 'latin1'), 257);
  octal(block, 329, 8, entry.devmajor);
  octal(block, 337, 8, entry.devminor);
  putChecksum(block);
}

/** A header of type `x`; its name, made from the entry's, is for readers that do not know pax. */
function paxBlock(name: string, size: number): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const base = name
    .replace(/(?<!\/)\/+$/, '')
    .replace(/^.*\//s, '')
    .replace(/[^\x21-\x7e]/g, '_');
  block.set(Buffer.from(`PaxHeaders.0/${base}`.slice(0, 100), 'latin1'));
  for (const [offset, length] of [
    [108, 8],
    [116, 8],
    [136, 12],
  ] as const)
    octal(block, offset, length, 0);
  octal(block, 100, 8, 0o644);
  octal(block, 124, 12, size);
  block[156] = 'x'.charCodeAt(0);
  block.set(Buffer.from('ustar\x0000', 'latin1'), 257);
  octal(block, 329, 8, 0);
  octal(block, 337, 8, 0);
  putChecksum(block);
  return block;
}

function putName(block: Uint8Array, name: Uint8Array, records: Map<string, Uint8Array>): void {
  if (name.includes(0)) throw new TarError('a name contains a NUL');
  if (isAscii(name) && name.length <= 100) {
    block.set(name);
    return;
  }
  const slash = isAscii(name) && name.length <= 256 ? splitAt(name) : -1;
  if (slash > 0) {
    block.set(name.subarray(0, slash), 345);
    block.set(name.subarray(slash + 1));
    return;
  }
  records.set('path', name);
  block.set(name.subarray(0, 100).map((byte) => (byte > 0x7f ? 0x5f : byte)));
}

/** The slash between ustar's prefix (155 bytes) and name (100 bytes), -1 if none is suitable. */
function splitAt(name: Uint8Array): number {
  const slash = name.subarray(0, 156).lastIndexOf(0x2f, name.length - 2);
  return slash > 0 && name.length - slash - 1 <= 100 ? slash : -1;
}

function putText(
  block: Uint8Array,
  offset: number,
  length: number,
  text: string,
  key: string,
  records: Map<string, Uint8Array>,
): void {
  if (text === '') return;
  const bytes = encodeText(text);
  if (bytes.includes(0)) throw new TarError(`${key} contains a NUL`);
  const plain = isAscii(bytes);
  if (plain && bytes.length <= length) block.set(bytes, offset);
  else {
    records.set(key, bytes);
    if (plain) block.set(bytes.subarray(0, length), offset);
  }
}

function putNumber(
  block: Uint8Array,
  offset: number,
  length: number,
  value: number,
  key: string,
  records: Map<string, Uint8Array>,
): void {
  if (!Number.isFinite(value) || (value < 0 && key !== 'mtime'))
    throw new TarError(`${key} is not a number that fits into a tar`);
  const fits = Number.isInteger(value) && value >= 0 && value < 8 ** (length - 1);
  octal(block, offset, length, fits ? value : 0);
  if (!fits) records.set(key, Buffer.from(decimal(value), 'latin1'));
}

function decimal(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(9) : text;
}

function octal(block: Uint8Array, offset: number, length: number, value: number): void {
  const digits = value.toString(8).padStart(length - 1, '0');
  if (digits.length >= length) throw new TarError('a device number is too large');
  for (let i = 0; i < digits.length; i++) block[offset + i] = digits.charCodeAt(i);
}

function putChecksum(block: Uint8Array): void {
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of block) sum += byte;
  octal(block, 148, 7, sum);
}
