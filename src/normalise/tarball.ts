import { gunzipSync } from 'node:zlib';
import { byCodeUnit } from '../model/order.ts';
import type { TarEntry } from '../model/tar.ts';
import { TarReader } from '../tar/reader.ts';
import { TarError } from '../tar/tar-error.ts';
import { TAR_END, tarHeader, tarPadding } from '../tar/writer.ts';
import { isStored } from './checksummed-stores.ts';
import { HEADER, gzipFile } from './gzip-file.ts';
import { pathPattern, type PathTest } from './path-pattern.ts';

/** An archive that unpacks to more is left as it is: all of it is held in memory. */
const MOST_BYTES = 256 * 2 ** 20;
/** Records of a tar entry's access, change and creation times. */
export const OTHER_TIMES = ['atime', 'ctime', 'LIBARCHIVE.creationtime'];

const isPackaged: PathTest = pathPattern('usr/share/**', 'usr/lib/**', 'lib/**', 'var/lib/**');

/** Not where package managers keep files whose checksums they know. */
export const isTarballOfBuild: PathTest = (path) => !isPackaged(path) && !isStored(path);

interface Member {
  readonly entry: TarEntry;
  readonly content: Uint8Array[];
}

/**
 * A gzip file with its header's time, if any, set to the epoch (seconds). A gzipped tar is packed
 * again with its members' times set. Undefined where nothing is to change.
 */
export function retimedTarball(bytes: Uint8Array, epoch: number): Uint8Array | undefined {
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
export function retimedTar(bytes: Uint8Array, epoch: number): Uint8Array | undefined {
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

/** An archive's members; undefined if it is not a tar or a new one could not hold all of it. */
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
  const isPlain = members.every(({ entry }) => entry.type !== 'other' && !isSparse(entry));
  return isPlain ? members : undefined;
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(?:Z_|ERR_BUFFER)/.test(String(error.code));
}

/** Its holes would be written out. */
function isSparse({ typeflag, pax }: TarEntry): boolean {
  return typeflag === 'S' || Object.keys(pax).some((key) => key.startsWith('GNU.sparse.'));
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

/** Records of a tar entry without those times. */
export function withoutTimes(pax: TarEntry['pax']): TarEntry['pax'] {
  return Object.fromEntries(Object.entries(pax).filter(([key]) => !OTHER_TIMES.includes(key)));
}
