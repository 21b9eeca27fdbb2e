import { UserError } from '../../model/errors.ts';
import { lookup } from '../../model/lookup.ts';
import { foldersOf } from '../../model/path.ts';
import {
  entryFlag,
  type Extensions,
  NO_EXTENSIONS,
  parseHeader,
  storedSize,
  toEntry,
} from '../../tar/entry.ts';
import { BLOCK, isZeroBlock } from '../../tar/header-fields.ts';
import { MAX_META_BYTES, untilNul } from '../../tar/meta.ts';
import { layerPath } from '../../tar/path.ts';
import { parsePax } from '../../tar/pax.ts';
import { TarError } from '../../tar/tar-error.ts';
import { quoted } from '../quoted-text.ts';
import type { RandomFile } from './random-file.ts';

/** Where an entry of an archive lies. */
export interface ArchiveEntry {
  readonly type: 'file' | 'symlink' | 'hardlink' | 'other';
  /** Of its content in the archive, in bytes. */
  readonly offset: number;
  readonly size: number;
  /** Path from the archive's root that a link leads to; undefined where it leads out. */
  readonly target: string | undefined;
  /** True where an earlier entry has the same path. */
  readonly again: boolean;
}

const TYPES = lookup<ArchiveEntry['type']>({
  '0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
});
const MAX_ENTRIES = 100_000;
const MAX_PATH = 4096;
/** Headers that lie near each other come with one read. */
const WINDOW = 64 * 1024;

interface Header {
  readonly flag: string;
  readonly path: string;
  readonly linkname: string;
  readonly size: number;
  readonly offset: number;
}

/**
 * Finds every entry of a tar archive by its header; content is passed over unread. Of two entries
 * with one path the later stands, as for who unpacks it. Throws UserError where a header is
 * malformed, a size leads out of the file, a name leads out of the archive or over a link, or there
 * are more than 100,000 entries.
 */
export async function readEntries(
  file: RandomFile,
  name: string,
): Promise<ReadonlyMap<string, ArchiveEntry>> {
  const entries = new Map<string, ArchiveEntry>();
  /** Also links replaced by a later entry: what was named below them before lies elsewhere. */
  const links = new Set<string>();
  try {
    let count = 0;
    for await (const header of headersOf(file)) {
      if (++count > MAX_ENTRIES)
        throw new UserError(`${name} contains more than ${MAX_ENTRIES} entries`);
      if (header.path === '') continue;
      const entry = entryOf(header, entries.has(header.path));
      entries.set(header.path, entry);
      if (entry.type === 'symlink') links.add(header.path);
    }
  } catch (error) {
    if (error instanceof TarError)
      throw new UserError(`${name} is not an archive that can be read: ${error.message}`, {
        cause: error,
      });
    throw error;
  }
  for (const path of entries.keys())
    if (links.size > 0 && foldersOf(path).some((folder) => links.has(folder)))
      throw ambiguousLinks(name);
  return entries;
}

/** For unpackers, links can make one name's file another's (`l -> .`, then `l/manifest.json`). */
export function ambiguousLinks(name: string): UserError {
  return new UserError(`${name} has links that readers follow to different files`, {
    nextStep: 'Save the image again.',
  });
}

function entryOf({ flag, path, linkname, size, offset }: Header, again: boolean): ArchiveEntry {
  return {
    type: TYPES[flag] ?? 'other',
    offset,
    size,
    again,
    target: targetOf(flag, path, linkname),
  };
}

/**
 * A symbolic link is relative to its own folder, a hard link to the archive's root. An absolute
 * symbolic link would leave the archive.
 */
function targetOf(flag: string, path: string, linkname: string): string | undefined {
  if (flag === '1') return layerPath(linkname);
  if (flag !== '2' || linkname.startsWith('/')) return undefined;
  return layerPath(`${path.split('/').slice(0, -1).join('/')}/${linkname}`);
}

/** The headers of an archive; content is passed over. Throws TarError. */
async function* headersOf(file: RandomFile): AsyncIterable<Header> {
  let window: Uint8Array = new Uint8Array(0);
  let windowAt = 0;
  let at = 0;
  let extensions = NO_EXTENSIONS;
  /** The next bytes, from the window where they lie in it. */
  const next = async (length: number): Promise<Uint8Array> => {
    if (at < windowAt || at + length > windowAt + window.length) {
      window = await file.read(at, Math.max(WINDOW, length));
      windowAt = at;
      if (window.length < length) throw new TarError('it is cut off');
    }
    return window.subarray(at - windowAt, at - windowAt + length);
  };
  const skip = (size: number): void => {
    at += Math.ceil(size / BLOCK) * BLOCK;
  };
  for (let count = 0; at < file.size; count++) {
    const block = await next(BLOCK);
    if (isZeroBlock(block)) return;
    const raw = parseHeader(block);
    at += BLOCK;
    if (/[xgLK]/.test(raw.typeflag)) {
      // As many extended headers as entries, and three times more, are more than any writer needs.
      if (count > 4 * MAX_ENTRIES) throw new TarError('too many extended headers');
      if (raw.size > MAX_META_BYTES) throw new TarError('an extended header is too large');
      extensions = extended(extensions, raw.typeflag, await next(raw.size));
      skip(raw.size);
      continue;
    }
    const flag = entryFlag(raw, extensions);
    const size = storedSize(raw, extensions);
    if (flag === 'S' || [...extensions.pax.keys()].some((key) => key.startsWith('GNU.sparse.')))
      throw new TarError('it contains sparse files');
    const { name, linkname } = toEntry(raw, extensions, 0);
    const path = name.length > MAX_PATH ? undefined : layerPath(name);
    if (path === undefined)
      throw new TarError(`it names a path outside of it or too long: ${quoted(name)}`);
    if (size > file.size - at) throw new TarError('it is cut off, or a size in it lies');
    yield { flag, path, linkname, size, offset: at };
    skip(size);
    extensions = NO_EXTENSIONS;
  }
}

function extended(before: Extensions, typeflag: string, bytes: Uint8Array): Extensions {
  if (typeflag === 'L') return { ...before, longName: untilNul(bytes) };
  if (typeflag === 'K') return { ...before, longLink: untilNul(bytes) };
  const pax = parsePax(bytes.slice());
  // What stands before a global header is void, as in Go.
  return typeflag === 'g' ? NO_EXTENSIONS : { ...before, pax };
}
