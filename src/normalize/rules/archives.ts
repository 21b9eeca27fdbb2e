import { gunzipSync } from 'node:zlib';
import { type ExtraFields, localExtras, zipDirectory } from '../../image/formats/zip.ts';
import { TarError } from '../../image/tar/tar-header.ts';
import { TarReader } from '../../image/tar/tar-reader.ts';
import { TAR_END, tarHeader, tarPadding } from '../../image/tar/tar-writer.ts';
import { byCodeUnit } from '../../lib/text.ts';
import type { TarEntry } from '../../model/image.ts';
import { gzipFile, HEADER } from '../compressor.ts';
import { pathPattern, type PathTest, rewriteRule } from '../rule.ts';

/** Package managers' caches, packages by unmistakable endings, and indexes of repositories. */
const isStored: PathTest = pathPattern(
  '**/_cacache/**',
  '**/.m2/**',
  '**/.ivy2/**',
  '**/.gradle/**',
  '**/.cache/**',
  '**/.yarn/**',
  '**/.pnpm-store/**',
  '**/pnpm/store/**',
  '**/.composer/**',
  '**/pkg/mod/cache/**',
  '**/.cargo/**',
  '**/cargo/registry/**',
  '**/.nuget/**',
  'var/cache/**',
  'etc/apk/cache/**',
  '**/*.nupkg',
  '**/*.snupkg',
  '**/*.whl',
  '**/*.gem',
  '**/*.crate',
  '**/*.apk',
  '**/*.deb',
  // Of a package repository: its Release or repomd.xml has their checksums.
  '**/Packages.gz',
  '**/Sources.gz',
  '**/dists/**/*.gz',
  '**/repodata/*.gz',
);

/** npm and Helm packages, or archives that a RUN packed: only rules for any build archive apply. */
const isTgz: PathTest = pathPattern('**/*.tgz');

/**
 * Archives whose checksum is in another file or a signature: caches of package managers, and
 * packages as published. Downloads are the same in every build anyway, and must not change.
 */
export const isChecksummed: PathTest = (path) => isStored(path) || isTgz(path);

/** Most bytes to unpack, since all of it is in memory. Larger archives are left as they are. */
const MOST_BYTES = 256 * 2 ** 20;
/** Records of a tar entry's access, change and creation times. */
export const OTHER_TIMES = ['atime', 'ctime', 'LIBARCHIVE.creationtime'];

const isPackaged: PathTest = pathPattern('usr/share/**', 'usr/lib/**', 'lib/**', 'var/lib/**');

/** Not where package managers keep files whose checksums they know. */
const isTarballOfBuild: PathTest = (path) => !isPackaged(path) && !isStored(path);

interface Member {
  readonly entry: TarEntry;
  readonly content: Uint8Array[];
}

/**
 * A gzip file with its header's time, if any, set to the epoch (seconds). A gzipped tar is packed
 * again with its members' times set. Undefined where nothing is to change.
 */
function retimedTarball(bytes: Uint8Array, epoch: number): Uint8Array | undefined {
  const members = unpackedMembers(bytes);
  if (members !== undefined) return ifOther(gzipFile(tarOf(members, epoch)), bytes);
  if (bytes.length < HEADER.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER.length);
  const stored = view.getUint32(4, true);
  if (stored === 0 || stored === epoch) return undefined;
  view.setUint32(4, epoch, true);
  return bytes;
}

/** The same for a tar that is not compressed; undefined where it is none. */
function retimedTar(bytes: Uint8Array, epoch: number): Uint8Array | undefined {
  const members = membersOf(bytes);
  return members === undefined ? undefined : ifOther(tarOf(members, epoch), bytes);
}

function ifOther(made: Uint8Array, bytes: Uint8Array): Uint8Array | undefined {
  return Buffer.compare(made, bytes) === 0 ? undefined : made;
}

function unpackedMembers(bytes: Uint8Array): readonly Member[] | undefined {
  try {
    return membersOf(gunzipSync(bytes, { maxOutputLength: MOST_BYTES }));
  } catch (error) {
    if (isZlibError(error)) return undefined;
    throw error;
  }
}

/** An archive's members; undefined if it is not a tar or a new one could not contain all of it. */
function membersOf(tar: Uint8Array): readonly Member[] | undefined {
  if (Buffer.from(tar.subarray(257, 262)).toString('latin1') !== 'ustar') return undefined;
  const members: Member[] = [];
  const reader = new TarReader({
    onEntry: (entry) => void members.push({ entry, content: [] }),
    onContent: (chunk) => void members.at(-1)?.content.push(chunk.slice()),
    onEntryEnd: () => undefined,
  });
  try {
    reader.push(tar);
    reader.end();
  } catch (error) {
    if (error instanceof TarError) return undefined;
    throw error;
  }
  return members.every(({ entry }) => entry.type !== 'other') ? members : undefined;
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(?:Z_|ERR_BUFFER)/.test(String(error.code));
}

function tarOf(members: readonly Member[], epoch: number): Uint8Array {
  return Buffer.concat([
    ...inOrder(members).flatMap(({ entry, content }) => [
      tarHeader({ ...entry, mtime: epoch, pax: withoutTimes(entry.pax) }),
      ...content,
      tarPadding(entry.size),
    ]),
    TAR_END,
  ]);
}

/**
 * Sorted by name, because folders list in another order elsewhere. Not where a name occurs twice
 * (the later wins) or there are hard links, which follow their file.
 */
function inOrder(members: readonly Member[]): readonly Member[] {
  const names = new Set(members.map(({ entry }) => entry.name));
  const mayMove =
    names.size === members.length && members.every((m) => m.entry.type !== 'hardlink');
  if (!mayMove) return members;
  return members.toSorted((a, b) => byCodeUnit(a.entry.name, b.entry.name));
}

export function withoutTimes(pax: TarEntry['pax']): TarEntry['pax'] {
  return Object.fromEntries(Object.entries(pax).filter(([key]) => !OTHER_TIMES.includes(key)));
}

const HEADER_BYTES = 10;

export const gzipHeader = rewriteRule('gzip-header', 'safe', {
  headBytes: HEADER_BYTES,
  applies: ({ path }) => !isChecksummed(path),
  startsWith: [Uint8Array.of(0x1f, 0x8b, 8)],
  rewrite: (bytes, { stamps, copied, epoch }) => {
    if (bytes.length < HEADER_BYTES) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
    const stored = view.getUint32(4, true);
    // In a COPY the file is the user's own: its inside changes only where the build's time is in
    // it.
    const written = copied ? Math.min(stored, epoch) : stamps.normalised(stored);
    if (stored === 0 || written === stored) return undefined;
    view.setUint32(4, written, true);
    return bytes;
  },
});

export const tarballs = rewriteRule('tarballs', 'aggressive', {
  applies: ({ path }) => isTarballOfBuild(path),
  startsWith: [Uint8Array.of(0x1f, 0x8b, 8)],
  rewrite: (bytes, { epoch }) => retimedTarball(bytes, epoch),
});

export const tarFiles = rewriteRule('tar-files', 'aggressive', {
  applies: ({ path }) => path.endsWith('.tar') && isTarballOfBuild(path),
  rewrite: (bytes, { epoch }) => retimedTar(bytes, epoch),
});

const EXTENDED_TIMESTAMP = 0x5455;
const NTFS = 0x000a;
/** 100 nanoseconds since 1601. */
const NTFS_UNITS = 10_000_000n;
const NTFS_TO_UNIX = 11_644_473_600n;

export const zipTimes = rewriteRule('zip-times', 'safe', {
  applies: ({ path }) => !isChecksummed(path),
  startsWith: [Uint8Array.of(0x50, 0x4b, 3, 4)],
  rewrite: (bytes, { epoch }) => retimeZip(bytes, epoch, (stored, wanted) => stored > wanted),
});

/** Whether a stored time gives way to the one for the epoch, both in the field's own unit. */
type GivesWay = (stored: number | bigint, wanted: number | bigint) => boolean;

/**
 * Sets times of a zip file, in place, to the epoch where `givesWay` allows; undefined where none
 * change or it is not such a file.
 */
function retimeZip(bytes: Uint8Array, epoch: number, givesWay: GivesWay): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let isChanged = false;
  for (const entry of editableEntries(bytes) ?? [])
    for (const [at, wanted] of timesOf(view, entry, epoch)) {
      const isLong = typeof wanted === 'bigint';
      const stored = isLong ? view.getBigUint64(at, true) : view.getUint32(at, true);
      if (stored === wanted || !givesWay(stored, wanted)) continue;
      if (isLong) view.setBigUint64(at, wanted, true);
      else view.setUint32(at, wanted, true);
      isChanged = true;
    }
  return isChanged ? bytes : undefined;
}

/** APPNOTE 4.4.6: date in the upper half, time in the lower; two-second steps, from 1980 on. */
export function dosTime(seconds: number): number {
  const at = new Date(Math.max(seconds, 315_532_800) * 1000);
  const date =
    ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  return ((date << 16) | time) >>> 0;
}

/** Where the entry's times are, and the epoch in the unit of each. */
function* timesOf(
  view: DataView,
  { central, local, extras }: ZipEntry,
  epoch: number,
): Generator<readonly [at: number, wanted: number | bigint]> {
  yield [central + 12, dosTime(epoch)];
  yield [local + 10, dosTime(epoch)];
  const ntfs = (BigInt(epoch) + NTFS_TO_UNIX) * NTFS_UNITS;
  for (const [from, to] of extras)
    for (let at = from; at + 4 <= to;) {
      const id = view.getUint16(at, true);
      const end = at + 4 + view.getUint16(at + 2, true);
      if (end > to) break;
      // Info-ZIP's field: a flag byte, then up to three 32-bit times.
      if (id === EXTENDED_TIMESTAMP)
        for (let time = at + 5; time + 4 <= end; time += 4) yield [time, epoch];
      // APPNOTE 4.5.5: tag 1 with 24 bytes, three 64-bit times.
      if (id === NTFS && at + 36 <= end && view.getUint16(at + 8, true) === 1)
        for (let time = at + 12; time < at + 36; time += 8) yield [time, ntfs];
      at = end;
    }
}

export const zipDates = rewriteRule('zip-dates', 'aggressive', {
  applies: ({ path }) => isTarballOfBuild(path),
  startsWith: [Uint8Array.of(0x50, 0x4b, 3, 4)],
  rewrite: (bytes, { epoch }) => retimeZip(bytes, epoch, () => true),
});

/** Offsets of a member's headers in the file, and its extra fields in both. */
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
