import { byCodeUnit } from '../../lib/text.ts';
import type { TarEntry, TarType } from '../../model/image.ts';

/** The bytes are not a readable tar archive; the message has the problem and its byte offset. */
export class TarError extends Error {
  override readonly name = 'TarError';
}

/**
 * Names in a tar are bytes, nearly always UTF-8. Other bytes become lone surrogates U+DC80..U+DCFF
 * (as Python's `surrogateescape`), so that a name is written as it was read.
 */
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const ESCAPED = /[\udc80-\udcff]/;

/** The text that `bytes` spell, without loss. */
function decodeText(bytes: Uint8Array): string {
  if (isAscii(bytes)) return latin1(bytes);
  try {
    return strict.decode(bytes);
  } catch {
    return decodeEscaped(bytes);
  }
}

/** The bytes of a text that `decodeText` gave, or of any other text as UTF-8. */
export function encodeText(text: string): Uint8Array {
  if (!ESCAPED.test(text)) return Buffer.from(text, 'utf8');
  const parts: Uint8Array[] = [];
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    parts.push(
      code >= 0xdc80 && code <= 0xdcff ? Uint8Array.of(code - 0xdc00) : Buffer.from(char, 'utf8'),
    );
  }
  return Buffer.concat(parts);
}

export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

export function isAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte > 0x7f) return false;
  return true;
}

/** Well-formed UTF-8 beyond ASCII (RFC 3629, 4), with its bytes as letters; or another byte. */
const SEQUENCE =
  /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\x80-\xff]/g;

function decodeEscaped(bytes: Uint8Array): string {
  return latin1(bytes).replace(SEQUENCE, (found) =>
    found.length === 1
      ? String.fromCharCode(0xdc00 + found.charCodeAt(0))
      : Buffer.from(found, 'latin1').toString('utf8'),
  );
}

export const BLOCK = 512;

function textField(block: Buffer, offset: number, length: number): string {
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
 * A number field: octal digits between blanks and NULs, or GNU's base-256 if the first bit is set.
 * Throws for anything else and for unsafe integers.
 */
function numberField(block: Uint8Array, offset: number, length: number, field: string): number {
  const first = block[offset] ?? 0;
  return (first & 0x80) !== 0
    ? base256(block, offset, length, field)
    : octalField(block, offset, length, field);
}

/** A field of octal digits between blanks and NULs. */
function octalField(block: Uint8Array, offset: number, length: number, field: string): number {
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
function headerSum(block: Uint8Array): {
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

/** Limit for extended headers and long names, kept in memory; Go's reader has the same limit. */
export const MAX_META_BYTES = 1024 * 1024;

/** What stands before an entry and says more of it, or of nothing. */
export type Meta = 'pax' | 'global' | 'longName' | 'longLink';

export const META: Readonly<Record<string, Meta | undefined>> = {
  x: 'pax',
  g: 'global',
  L: 'longName',
  K: 'longLink',
};

export function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decodeText(end < 0 ? bytes : bytes.subarray(0, end));
}

/**
 * The safe form of an entry's name: relative to the image's root, `.` and `..` resolved, no leading
 * or trailing slash; '' for the root. Undefined if the name is outside the root or has a NUL.
 */
export function layerPath(name: string): string | undefined {
  if (isPlain(name)) return name;
  if (name.includes('\0')) return undefined;
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}

const SLASH = 47;
const DOT = 46;

/** True where nothing is to be changed: the common case, decided without splitting. */
function isPlain(name: string): boolean {
  let start = true;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code === 0 || (start && (code === SLASH || code === DOT))) return false;
    start = code === SLASH;
  }
  return !start;
}

/** POSIX pax records, `LENGTH KEY=VALUE\n`; values as raw bytes. */
export type PaxRecords = ReadonlyMap<string, Uint8Array>;

/** Names, which no NUL may end before their end. */
const NAMES = new Set(['path', 'linkpath', 'uname', 'gname']);

/**
 * Reads the records of an extended header (POSIX.1-2001 pax, "Extended Header"), as Go
 * does: a later record of a key wins. Throws TarError where a length lies or a record has no key.
 */
export function parsePax(bytes: Uint8Array): PaxRecords {
  const records = new Map<string, Uint8Array>();
  let at = 0;
  while (at < bytes.length) {
    const blank = bytes.indexOf(0x20, at);
    const digits = blank < 0 || blank - at > 20 ? '' : latin1(bytes.subarray(at, blank));
    const length = /^[+-]?\d+$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    if (length < 5 || end <= blank + 1 || end > bytes.length || bytes[end - 1] !== 0x0a)
      throw new TarError('a pax record states a wrong length');
    const equals = bytes.indexOf(0x3d, blank);
    if (equals <= blank + 1 || equals >= end - 1) throw new TarError('a pax record has no key');
    const key = decodeText(bytes.subarray(blank + 1, equals));
    const value = bytes.subarray(equals + 1, end - 1);
    if (NAMES.has(key) ? value.includes(0) : key.includes('\0'))
      throw new TarError(`pax ${JSON.stringify(key)} contains a NUL`);
    records.set(key, value);
    at = end;
  }
  return records;
}

/** The bytes of the records, sorted by key, so that the same records give the same bytes. */
export function formatPax(records: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const sorted = [...records].sort(([a], [b]) => byCodeUnit(a, b));
  return Buffer.concat(sorted.map(([key, value]) => formatRecord(key, value)));
}

function formatRecord(key: string, value: Uint8Array): Uint8Array {
  const body = Buffer.concat([encodeText(` ${key}=`), value, Uint8Array.of(0x0a)]);
  // The length counts its own digits.
  let length = body.length + String(body.length).length;
  length = body.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length), 'latin1'), body]);
}

/** The text of a record; undefined if it is absent or empty (it means "as the header says"). */
export function paxText(records: PaxRecords, key: string): string | undefined {
  const value = records.get(key);
  return value === undefined || value.length === 0 ? undefined : decodeText(value);
}

export function paxInteger(records: PaxRecords, key: string): number | undefined {
  const text = paxText(records, key);
  return text === undefined ? undefined : decimal(text, `pax ${key}`);
}

/** A whole number as Go reads it. `what`: to name it in the error. */
function decimal(text: string, what: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new TarError(`${what} is not a number`);
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new TarError(`${what} is too large`);
  return value;
}

/** Seconds with an optional fraction, maybe negative. */
function paxTime(records: PaxRecords, key: string): number | undefined {
  const text = paxText(records, key);
  if (text === undefined) return undefined;
  if (!/^[+-]?\d{1,15}(?:\.\d*)?$/.test(text)) throw new TarError(`pax ${key} is not a time`);
  return Number(text);
}

/** A header block's own fields, before extensions are put in. */
export interface RawHeader {
  readonly typeflag: string;
  readonly name: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly devmajor: number;
  readonly devminor: number;
  readonly block: Buffer;
  readonly format: 'ustar' | 'star' | 'gnu' | 'v7';
}

/** What extended headers in front of an entry say of it; an empty name says nothing. */
interface Extensions {
  readonly pax: PaxRecords;
  readonly longName: string;
  readonly longLink: string;
}

export const NO_EXTENSIONS: Extensions = { pax: new Map(), longName: '', longLink: '' };

const TYPES: Readonly<Record<string, TarType>> = {
  '0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

const NO_PAX: Readonly<Record<string, string>> = Object.freeze({});
const RESOLVED = new Set(['path', 'linkpath', 'size', 'uid', 'gid', 'uname', 'gname', 'mtime']);

/** `usta` and `tar\0`, as numbers: tens of thousands of headers are read. */
const USTA = 0x75737461;
const TAR = 0x74617200;

/** Reads a ustar, star, GNU or v7 header as Go does. Throws TarError on a bad checksum or field. */
export function parseHeader(bytes: Uint8Array): RawHeader {
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stated = octalField(block, 148, 8, 'checksum');
  const sum = headerSum(block);
  if (stated !== sum.unsigned && stated !== sum.signed)
    throw new TarError('header checksum is wrong');
  const format = formatOf(block);
  const flag = block[156] ?? 0;
  const name = textField(block, 0, 100);
  const prefix = format === 'v7' ? '' : prefixOf(block, format);
  return {
    typeflag: flag === 0 ? '\0' : String.fromCharCode(flag),
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: numberField(block, 124, 12, 'size'),
    mode: numberField(block, 100, 8, 'mode'),
    uid: numberField(block, 108, 8, 'uid'),
    gid: numberField(block, 116, 8, 'gid'),
    mtime: numberField(block, 136, 12, 'mtime'),
    devmajor: format === 'v7' ? 0 : numberField(block, 329, 8, 'devmajor'),
    devminor: format === 'v7' ? 0 : numberField(block, 337, 8, 'devminor'),
    block,
    format,
  };
}

function formatOf(block: Buffer): RawHeader['format'] {
  if (block.readUInt32BE(257) !== USTA || block[261] !== 0x72) return 'v7';
  const [next, version] = [block[262], block.readUInt16BE(263)];
  // Schily's star marks the block's end, and keeps times behind a shorter prefix.
  if (next === 0) return block.readUInt32BE(508) === TAR ? 'star' : 'ustar';
  return next === 0x20 && version === 0x2000 ? 'gnu' : 'v7';
}

/**
 * What precedes the name. Go once wrote GNU headers with a prefix instead of two times: what is not
 * a time is read as a prefix.
 */
function prefixOf(block: Buffer, format: RawHeader['format']): string {
  if (format === 'ustar') return textField(block, 345, 155);
  if (format === 'star') {
    numberField(block, 476, 12, 'atime');
    numberField(block, 488, 12, 'ctime');
    return textField(block, 345, 131);
  }
  if (block[345] === 0 && block[357] === 0) return '';
  try {
    if (block[345] !== 0) numberField(block, 345, 12, 'atime');
    if (block[357] !== 0) numberField(block, 357, 12, 'ctime');
    return '';
  } catch {
    const prefix = textField(block, 345, 155);
    return /^[\x01-\x7f]*$/.test(prefix) ? prefix : '';
  }
}

function nameOf(raw: RawHeader, ext: Extensions): string {
  return ext.longName || (paxText(ext.pax, 'path') ?? raw.name);
}

/** The typeflag; in v7, where it is NUL, a slash at the end of the name marks a directory. */
export function entryFlag(raw: RawHeader, ext: Extensions): string {
  if (raw.typeflag !== '\0') return raw.typeflag;
  return nameOf(raw, ext).endsWith('/') ? '5' : '0';
}

/** True for links, directories and devices, which have no content whatever the header says. */
function isHeaderOnly(flag: string): boolean {
  return flag >= '1' && flag <= '6';
}

/** Content bytes of an entry in the archive. Throws TarError where that is negative. */
export function storedSize(raw: RawHeader, ext: Extensions): number {
  const size = paxInteger(ext.pax, 'size') ?? raw.size;
  if (isHeaderOnly(entryFlag(raw, ext))) return 0;
  return contentSize(size);
}

export function contentSize(size: number): number {
  if (size < 0) throw new TarError('size is negative');
  return size;
}

/** The entry that header and extensions describe together. `size` is that of its content here. */
export function toEntry(raw: RawHeader, ext: Extensions, size: number): TarEntry {
  const { block } = raw;
  const { pax } = ext;
  const has = pax.size > 0;
  const flag = entryFlag(raw, ext);
  const owners = raw.format !== 'v7';
  if (has) for (const key of ['atime', 'ctime']) paxTime(pax, key);
  return {
    name: nameOf(raw, ext),
    type: TYPES[flag] ?? 'other',
    mode: raw.mode & 0o7777,
    uid: (has ? paxInteger(pax, 'uid') : undefined) ?? raw.uid,
    gid: (has ? paxInteger(pax, 'gid') : undefined) ?? raw.gid,
    uname: (has ? paxText(pax, 'uname') : undefined) ?? (owners ? textField(block, 265, 32) : ''),
    gname: (has ? paxText(pax, 'gname') : undefined) ?? (owners ? textField(block, 297, 32) : ''),
    size,
    mtime: (has ? paxTime(pax, 'mtime') : undefined) ?? raw.mtime,
    linkname:
      ext.longLink || ((has ? paxText(pax, 'linkpath') : undefined) ?? textField(block, 157, 100)),
    devmajor: raw.devmajor,
    devminor: raw.devminor,
    pax: has ? otherRecords(pax) : NO_PAX,
    typeflag: flag,
  };
}

function otherRecords(pax: PaxRecords): Readonly<Record<string, string>> {
  // No prototype: a record may be named `__proto__`.
  const others = Object.create(null) as Record<string, string>;
  for (const [key, value] of pax) if (!RESOLVED.has(key)) others[key] = latin1(value);
  return others;
}
