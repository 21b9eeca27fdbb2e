import { zipDirectory } from '../../formats/zip-directory.ts';
import { type ExtraFields, localExtras } from '../../formats/zip-records.ts';
import { isChecksummed } from '../checksummed-stores.ts';
import type { RewriteRule } from '../rule.ts';
import { isTarballOfBuild } from '../tarball.ts';

const EXTENDED_TIMESTAMP = 0x5455;
const NTFS = 0x000a;
/** 100 nanoseconds since 1601. */
const NTFS_UNITS = 10_000_000n;
const NTFS_TO_UNIX = 11_644_473_600n;

export const zipTimes: RewriteRule = {
  id: 'zip-times',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path }) => !isChecksummed(path),
  startsWith: [Uint8Array.of(0x50, 0x4b, 3, 4)],
  rewrite: (bytes, { epoch }) => retimeZip(bytes, epoch, (stored, wanted) => stored > wanted),
};

/** Whether a stored time gives way to the one for the epoch, both in the field's own unit. */
type GivesWay = (stored: number | bigint, wanted: number | bigint) => boolean;

interface Retiming {
  readonly epoch: number;
  readonly givesWay: GivesWay;
}

/**
 * Sets times of a zip file, in place, to the epoch where `givesWay` allows; undefined where none
 * change or it is not such a file.
 */
function retimeZip(bytes: Uint8Array, epoch: number, givesWay: GivesWay): Uint8Array | undefined {
  const entries = editableEntries(bytes);
  if (entries === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const changes = entries.map((entry) => retimeEntry(view, entry, { epoch, givesWay }));
  return changes.includes(true) ? bytes : undefined;
}

/** APPNOTE 4.4.6: date in the upper half, time in the lower; two-second steps, from 1980 on. */
export function dosTime(seconds: number): number {
  const at = new Date(Math.max(seconds, 315_532_800) * 1000);
  const date =
    ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  return ((date << 16) | time) >>> 0;
}

function retimeEntry(view: DataView, entry: ZipEntry, how: Retiming): boolean {
  const wanted = dosTime(how.epoch);
  let isChanged = false;
  for (const offset of [entry.central + 12, entry.local + 10])
    if (isToChange(view.getUint32(offset, true), wanted, how)) {
      view.setUint32(offset, wanted, true);
      isChanged = true;
    }
  for (const [from, to] of entry.extras) isChanged = retimeExtras(view, from, to, how) || isChanged;
  return isChanged;
}

function retimeExtras(view: DataView, from: number, to: number, how: Retiming): boolean {
  let isChanged = false;
  for (let at = from; at + 4 <= to;) {
    const id = view.getUint16(at, true);
    const end = at + 4 + view.getUint16(at + 2, true);
    if (end > to) break;
    if (id === EXTENDED_TIMESTAMP) isChanged = retimeUnix(view, at + 5, end, how) || isChanged;
    if (id === NTFS) isChanged = retimeNtfs(view, at + 8, end, how) || isChanged;
    at = end;
  }
  return isChanged;
}

/** Info-ZIP's field: a flag byte, then up to three 32-bit times. */
function retimeUnix(view: DataView, from: number, end: number, how: Retiming): boolean {
  let isChanged = false;
  for (let at = from; at + 4 <= end; at += 4)
    if (isToChange(view.getUint32(at, true), how.epoch, how)) {
      view.setUint32(at, how.epoch, true);
      isChanged = true;
    }
  return isChanged;
}

/** APPNOTE 4.5.5: tag 1 with 24 bytes, three 64-bit times. */
function retimeNtfs(view: DataView, from: number, end: number, how: Retiming): boolean {
  if (from + 28 > end || view.getUint16(from, true) !== 1) return false;
  const wanted = (BigInt(how.epoch) + NTFS_TO_UNIX) * NTFS_UNITS;
  let isChanged = false;
  for (let at = from + 4; at + 8 <= from + 28; at += 8)
    if (isToChange(view.getBigUint64(at, true), wanted, how)) {
      view.setBigUint64(at, wanted, true);
      isChanged = true;
    }
  return isChanged;
}

function isToChange(stored: number | bigint, wanted: number | bigint, how: Retiming): boolean {
  return stored !== wanted && how.givesWay(stored, wanted);
}

export const zipDates: RewriteRule = {
  id: 'zip-dates',
  mode: 'aggressive',
  kind: 'rewrite',
  applies: ({ path }) => isTarballOfBuild(path),
  startsWith: [Uint8Array.of(0x50, 0x4b, 3, 4)],
  rewrite: (bytes, { epoch }) => retimeZip(bytes, epoch, () => true),
};

/** Where a member's headers stand in the file, and its extra fields in both. */
interface ZipEntry {
  readonly central: number;
  readonly local: number;
  readonly extras: readonly ExtraFields[];
}

const APK_SIGNATURE = Buffer.from('APK Sig Block 42', 'latin1');

/**
 * The members of a zip file; undefined where it cannot be edited in place: not a zip, headers that
 * disagree, or a signature over the whole file.
 */
function editableEntries(bytes: Uint8Array): readonly ZipEntry[] | undefined {
  const directory = zipDirectory(bytes);
  // Something behind an archive is not the archive's: no program of a zip wrote it.
  if (directory?.behind !== 0 || isApk(bytes, directory.start)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: ZipEntry[] = [];
  for (const { central, local, extra } of directory.members) {
    const localExtra = localExtras(view, local, directory.end);
    if (localExtra === undefined) return undefined;
    entries.push({ central, local, extras: [extra, localExtra] });
  }
  return entries;
}

function isApk(bytes: Uint8Array, directory: number): boolean {
  return APK_SIGNATURE.equals(bytes.subarray(Math.max(0, directory - 16), directory));
}
