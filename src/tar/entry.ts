import type { TarEntry, TarType } from '../model/tar.ts';
import { headerSum, numberField, octalField, textField } from './header-fields.ts';
import { type PaxRecords, paxInteger, paxText, paxTime } from './pax.ts';
import { TarError } from './tar-error.ts';
import { latin1 } from './text.ts';

/** A header block's own fields, before extensions are put in. */
export interface RawHeader {
  readonly typeflag: string;
  readonly name: string;
  /** Bytes of content in the archive. */
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
export interface Extensions {
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

/** The name that extended headers give an entry, else its own. */
function nameOf(raw: RawHeader, ext: Extensions): string {
  return ext.longName || (paxText(ext.pax, 'path') ?? raw.name);
}

/** The typeflag; in v7, where it is NUL, a slash at the end of the name marks a directory. */
export function entryFlag(raw: RawHeader, ext: Extensions): string {
  if (raw.typeflag !== '\0') return raw.typeflag;
  return nameOf(raw, ext).endsWith('/') ? '5' : '0';
}

/** True for links, directories and devices, which have no content whatever the header says. */
export function isHeaderOnly(flag: string): boolean {
  return flag >= '1' && flag <= '6';
}

/** Content bytes of an entry in the archive. Throws TarError where that is negative. */
export function storedSize(raw: RawHeader, ext: Extensions): number {
  const size = paxInteger(ext.pax, 'size') ?? raw.size;
  if (isHeaderOnly(entryFlag(raw, ext))) return 0;
  return contentSize(size);
}

/** The size, where a file can have it. */
export function contentSize(size: number): number {
  if (size < 0) throw new TarError('size is negative');
  return size;
}

/**
 * The entry that header and extensions describe together; `size` is that of the content handed out,
 * `sparseName` what the records of a sparse file call it: GNU tar puts a made-up name into its
 * header.
 */
export function toEntry(
  raw: RawHeader,
  ext: Extensions,
  size: number,
  sparseName?: string,
): TarEntry {
  const { block } = raw;
  const { pax } = ext;
  const has = pax.size > 0;
  const flag = entryFlag(raw, ext);
  const owners = raw.format !== 'v7';
  if (has) for (const key of ['atime', 'ctime']) paxTime(pax, key);
  return {
    name: sparseName ?? nameOf(raw, ext),
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
  for (const [key, value] of pax)
    if (!RESOLVED.has(key) && !key.startsWith('GNU.sparse.')) others[key] = latin1(value);
  return others;
}
