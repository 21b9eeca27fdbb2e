import type { TarEntry, TarType } from '../model/tar.ts';
import { headerSum, numberField, textField } from './header-fields.ts';
import { type PaxRecords, paxInteger, paxText, paxTime } from './pax.ts';
import { TarError } from './tar-error.ts';
import { latin1 } from './text.ts';

/** A header block's own fields, before extensions are put in. */
export interface RawHeader {
  readonly typeflag: string;
  readonly name: string;
  /** Bytes of content in the archive. */
  readonly size: number;
  readonly block: Buffer;
  readonly format: 'ustar' | 'gnu' | 'v7';
}

/** What extended headers in front of an entry say of it. */
export interface Extensions {
  readonly pax: PaxRecords;
  readonly longName: string | undefined;
  readonly longLink: string | undefined;
}

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

/** Reads a header block (POSIX ustar, GNU, v7). Throws TarError where the checksum is wrong or a number is none. */
export function parseHeader(bytes: Uint8Array): RawHeader {
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stated = numberField(block, 148, 8, 'checksum');
  const sum = headerSum(block);
  if (stated !== sum.unsigned && stated !== sum.signed)
    throw new TarError('header checksum is wrong');
  const format = formatOf(block);
  const size = numberField(block, 124, 12, 'size');
  if (size < 0) throw new TarError('size is negative');
  const flag = block[156] ?? 0;
  const name = textField(block, 0, 100);
  const prefix = format === 'ustar' ? textField(block, 345, prefixLength(block)) : '';
  return {
    typeflag: flag === 0 ? '\0' : String.fromCharCode(flag),
    name: prefix === '' ? name : `${prefix}/${name}`,
    size,
    block,
    format,
  };
}

function formatOf(block: Buffer): RawHeader['format'] {
  if (block.readUInt32BE(257) !== USTA || block[261] !== 0x72) return 'v7';
  const [next, version] = [block[262], block.readUInt16BE(263)];
  if (next === 0) return 'ustar';
  return next === 0x20 && version === 0x2000 ? 'gnu' : 'v7';
}

/** Schily's star marks the block's end and keeps times behind a shorter prefix. */
function prefixLength(block: Buffer): number {
  return block.readUInt32BE(508) === TAR ? 131 : 155;
}

/** The name that the extended headers give an entry, else its own. */
function nameOf(raw: RawHeader, ext: Extensions): string {
  const own = ext.pax.size > 0 ? sparseName(ext.pax) : undefined;
  return ext.longName ?? own ?? raw.name;
}

/** The typeflag with v7's spelling resolved, which marks a directory by the slash at the end of its name. */
export function entryFlag(raw: RawHeader, ext: Extensions): string {
  if (raw.typeflag !== '\0') return raw.typeflag;
  return nameOf(raw, ext).endsWith('/') ? '5' : '0';
}

/** Content bytes of an entry in the archive: none for links, directories and devices, whatever the header says. */
export function storedSize(raw: RawHeader, ext: Extensions): number {
  const flag = entryFlag(raw, ext);
  if (flag >= '1' && flag <= '6') return 0;
  return paxInteger(ext.pax, 'size') ?? raw.size;
}

/** The entry that header and extensions describe together; `size` is that of the content handed out. */
export function toEntry(raw: RawHeader, ext: Extensions, size: number): TarEntry {
  const { block } = raw;
  const { pax } = ext;
  const has = pax.size > 0;
  const flag = entryFlag(raw, ext);
  const devices = raw.format !== 'v7';
  return {
    name: nameOf(raw, ext),
    type: TYPES[flag] ?? 'other',
    mode: numberField(block, 100, 8, 'mode') & 0o7777,
    uid: (has ? paxInteger(pax, 'uid') : undefined) ?? numberField(block, 108, 8, 'uid'),
    gid: (has ? paxInteger(pax, 'gid') : undefined) ?? numberField(block, 116, 8, 'gid'),
    uname: (has ? paxText(pax, 'uname') : undefined) ?? (devices ? textField(block, 265, 32) : ''),
    gname: (has ? paxText(pax, 'gname') : undefined) ?? (devices ? textField(block, 297, 32) : ''),
    size,
    mtime: (has ? paxTime(pax, 'mtime') : undefined) ?? numberField(block, 136, 12, 'mtime'),
    linkname:
      ext.longLink ?? (has ? paxText(pax, 'linkpath') : undefined) ?? textField(block, 157, 100),
    devmajor: devices ? numberField(block, 329, 8, 'devmajor') : 0,
    devminor: devices ? numberField(block, 337, 8, 'devminor') : 0,
    pax: has ? otherRecords(pax) : NO_PAX,
    typeflag: flag,
  };
}

/** GNU tar puts a made-up name into the header of a sparse file and the real one into its own record. */
function sparseName(pax: PaxRecords): string | undefined {
  return paxText(pax, 'GNU.sparse.name') ?? paxText(pax, 'path');
}

function otherRecords(pax: PaxRecords): Readonly<Record<string, string>> {
  // No prototype: a record may be named `__proto__`.
  const others = Object.create(null) as Record<string, string>;
  for (const [key, value] of pax)
    if (!RESOLVED.has(key) && !key.startsWith('GNU.sparse.')) others[key] = latin1(value);
  return others;
}
