import { type FileHandle, open } from 'node:fs/promises';
import { UserError } from '../../lib/errors.ts';
import { foldersOf } from '../../lib/text.ts';
import type { FileRange, TarType } from '../../model/image.ts';
import { type Digest, digestHex } from '../../model/reference.ts';
import { type BlobSource, wholeOf } from '../blob-store.ts';
import { readError } from '../disk.ts';
import { MAX_DOCUMENT_BYTES, quoted } from '../documents.ts';
import { layerPath, TarError } from '../tar/tar-header.ts';
import { TarReader } from '../tar/tar-reader.ts';

const READ_CHUNK = 1024 * 1024;

export class RandomFile {
  readonly size: number;
  readonly #handle: FileHandle;
  readonly #path: string | undefined;

  /** `path` is left out for a file that has no name any more. */
  constructor(handle: FileHandle, size: number, path?: string) {
    this.#handle = handle;
    this.#path = path;
    this.size = size;
  }

  /** What any thread of this process opens the file by, while it is open here. */
  get path(): string {
    return this.#path ?? `/dev/fd/${this.#handle.fd}`;
  }

  /** Up to `length` bytes from `offset` on; fewer at the file's end. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.size - offset)));
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await this.#handle.read(
        buffer,
        filled,
        buffer.length - filled,
        offset + filled,
      );
      if (bytesRead === 0) throw new UserError('the archive became shorter while it was read');
      filled += bytesRead;
    }
    return buffer;
  }

  /** `length` bytes from `offset` on, in chunks of 1 MiB. One chunk is read ahead. */
  async *stream(offset: number, length: number): AsyncIterable<Uint8Array> {
    const end = offset + length;
    const next = (at: number): Promise<Uint8Array> | undefined => {
      if (at >= end) return undefined;
      const reading = this.read(at, Math.min(READ_CHUNK, end - at));
      // It may fail before anybody waits for it.
      reading.catch(() => undefined);
      return reading;
    };
    let at = offset;
    let ahead = next(at);
    while (ahead !== undefined) {
      const chunk = await ahead;
      at += chunk.length;
      ahead = chunk.length === 0 ? undefined : next(at);
      yield chunk;
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Opens a regular file; a pipe or device, read only once, stays as it is. May throw UserError. */
export async function openRandomFile(path: string): Promise<RandomFile | FileHandle> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw readError(error, path);
  });
  const found = await handle.stat();
  if (found.isDirectory()) {
    await handle.close();
    throw readError({ code: 'EISDIR' }, path);
  }
  return found.isFile() ? new RandomFile(handle, found.size, path) : handle;
}

export interface ArchiveEntry {
  readonly type: 'file' | 'symlink' | 'hardlink' | 'other';
  readonly offset: number;
  readonly size: number;
  /** Target of a link, as a path from the archive's root; undefined if it is outside. */
  readonly target: string | undefined;
  /** True where an earlier entry has the same path. */
  readonly again: boolean;
}

const MAX_ENTRIES = 100_000;
const MAX_PATH = 4096;
/** Headers that lie near each other come with one read. */
const WINDOW = 64 * 1024;

interface Header {
  readonly type: TarType;
  readonly path: string;
  readonly linkname: string;
  readonly size: number;
  readonly offset: number;
}

/**
 * Finds every entry of a tar archive by its header, without reading content. Of two entries with
 * one path the later counts, as when it is unpacked. Throws UserError if a header is malformed, a
 * size exceeds the file, a name is outside the archive or goes through a link, or there are more
 * than 100,000 entries.
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
function ambiguousLinks(name: string): UserError {
  return new UserError(`${name} has links that readers follow to different files`, {
    nextStep: 'Save the image again.',
  });
}

function entryOf({ type, path, linkname, size, offset }: Header, again: boolean): ArchiveEntry {
  const isKnown = type === 'file' || type === 'symlink' || type === 'hardlink';
  return {
    type: isKnown ? type : 'other',
    offset,
    size,
    again,
    target: targetOf(type, path, linkname),
  };
}

/**
 * A symbolic link is relative to its own folder, a hard link to the archive's root. An absolute
 * symbolic link would leave the archive.
 */
function targetOf(type: TarType, path: string, linkname: string): string | undefined {
  if (type === 'hardlink') return layerPath(linkname);
  if (type !== 'symlink' || linkname.startsWith('/')) return undefined;
  return layerPath(`${path.split('/').slice(0, -1).join('/')}/${linkname}`);
}

/** Content for the reader of tars, which only counts it. */
const ZEROS = new Uint8Array(READ_CHUNK);

/** The headers of an archive; content is passed over unread. Throws TarError. */
async function* headersOf(file: RandomFile): AsyncIterable<Header> {
  const found: Header[] = [];
  let contentEnd = 0;
  const reader = new TarReader({
    onEntry: ({ typeflag, type, name, linkname, size }, offset) => {
      if (typeflag === 'g') return;
      const path = name.length > MAX_PATH ? undefined : layerPath(name);
      if (path === undefined)
        throw new TarError(`it names a path outside of it or too long: ${quoted(name)}`);
      if (size > file.size - offset) throw new TarError('it is cut off, or a size in it lies');
      found.push({ type, path, linkname, size, offset });
      contentEnd = offset + size;
    },
    onContent: () => undefined,
    onEntryEnd: () => undefined,
  });
  for (let at = 0; at < file.size && !reader.isEnded;) {
    const window = await file.read(at, WINDOW);
    reader.push(window);
    at += window.length;
    yield* found.splice(0);
    while (at < contentEnd) {
      const passed = ZEROS.subarray(0, contentEnd - at);
      reader.push(passed);
      at += passed.length;
    }
  }
  reader.end();
}

const MAX_HOPS = 10;

/** An archive's entries by path, links followed inside of it. */
export class ArchiveFiles {
  readonly #file: RandomFile;
  readonly #entries: ReadonlyMap<string, ArchiveEntry>;
  readonly #name: string;

  constructor(file: RandomFile, entries: ReadonlyMap<string, ArchiveEntry>, name: string) {
    this.#file = file;
    this.#entries = entries;
    this.#name = name;
  }

  get name(): string {
    return this.#name;
  }

  /** The file at a path, or undefined. Throws UserError if readers may follow a link elsewhere. */
  find(path: string): ArchiveEntry | undefined {
    return this.#follow(path).at(-1);
  }

  /** A document by its name, up to 4 MiB. Throws UserError if there twice: readers would differ. */
  async document(path: string): Promise<Uint8Array | undefined> {
    const way = this.#follow(path);
    const entry = way.at(-1);
    if (entry === undefined) return undefined;
    // A hard link keeps what its target was before.
    if (way.some(({ again }) => again))
      throw new UserError(`${this.#name} contains two files named ${path}`);
    if (entry.size > MAX_DOCUMENT_BYTES)
      throw new UserError(`${path} in ${this.#name} is larger than 4 MiB`);
    return wholeOf(this.content(entry), MAX_DOCUMENT_BYTES);
  }

  /** The links that a path goes through, then its file; empty if it does not end at a file. */
  #follow(path: string): readonly ArchiveEntry[] {
    const way: ArchiveEntry[] = [];
    let at = path;
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      if (foldersOf(at).some((folder) => this.#entries.get(folder)?.type === 'symlink'))
        throw ambiguousLinks(this.#name);
      const entry = this.#entries.get(at);
      const isLinked = way.at(-1)?.type === 'hardlink';
      // A hard link keeps a file that is gone by now; of a symbolic link it is one that counts from
      // another folder.
      if (isLinked && entry?.type !== 'file' && entry?.type !== 'hardlink')
        throw ambiguousLinks(this.#name);
      if (entry === undefined || entry.type === 'other') return [];
      way.push(entry);
      if (entry.type === 'file') return way;
      if (entry.target === undefined)
        throw new UserError(`${this.#name} contains a link that points out of it`);
      at = entry.target;
    }
    throw new UserError(`${this.#name} contains links in a circle`);
  }

  content({ offset, size }: ArchiveEntry, start = 0): AsyncIterable<Uint8Array> {
    return this.#file.stream(offset + start, size - start);
  }

  range({ offset, size }: ArchiveEntry): FileRange {
    return { path: this.#file.path, start: offset, length: size };
  }

  head(entry: ArchiveEntry, length: number): Promise<Uint8Array> {
    return this.#file.read(entry.offset, Math.min(length, entry.size));
  }
}

/** The blobs of an archive: those that `known` names, else `blobs/sha256/HEX`. */
export function archiveBlobs(
  files: ArchiveFiles,
  known: ReadonlyMap<Digest, ArchiveEntry> = new Map(),
): BlobSource {
  const find = (digest: Digest): ArchiveEntry | undefined =>
    known.get(digest) ?? files.find(`blobs/sha256/${digestHex(digest)}`);
  return {
    size: (digest) => Promise.resolve(find(digest)?.size),
    openRead: (digest, { start = 0 } = {}) => {
      const entry = find(digest);
      if (entry === undefined) throw new UserError(`${files.name} lacks ${digest}`);
      return files.content(entry, start);
    },
    file: (digest) => {
      const entry = find(digest);
      return Promise.resolve(entry === undefined ? undefined : files.range(entry));
    },
  };
}
