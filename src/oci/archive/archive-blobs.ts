import { type Digest, digestHex } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import { foldersOf } from '../../model/path.ts';
import type { FileRange } from '../../model/walk.ts';
import type { BlobSource } from '../blobs/blob-source.ts';
import { wholeOf } from '../blobs/blob-source.ts';
import { MAX_DOCUMENT_BYTES } from '../documents.ts';
import { type ArchiveEntry, ambiguousLinks } from './archive-entries.ts';
import type { RandomFile } from './random-file.ts';

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

  /** The links that a path goes through, then its file; empty if there is no file. */
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

  /** The first bytes of a file. */
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
