import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32, gunzipSync, gzipSync } from 'node:zlib';
import type { AdvisoryEntry, AdvisoryParts } from './advisory-entry.ts';

/**
 * A database of one ecosystem is one file, written once: what records say of one package each, as
 * lines of a key, a tab and JSON, in parts by the hash of the key; then what is known of the whole,
 * as JSON; then where that begins, in 12 digits. All of it but the digits is gzip.
 */
const PARTS = 1024;
const DIGITS = 12;
/** Bytes of lines that are packed together. */
const PACKED = 64 * 1024;
const MOST_ENTRIES = 8_000_000;
const MOST_META = 16 * 1024 * 1024;
/** Unpacked bytes of one part: the kernel's CVEs of all releases are some megabytes. */
const MOST_PART = 512 * 1024 * 1024;

/** What is known of a database without reading it. */
export interface DatabaseMeta {
  readonly ecosystem: string;
  /** Base address or folder that the export came from. */
  readonly from: string;
  /** Of the export, RFC 3339. */
  readonly date: string;
  /** When it was fetched, RFC 3339. */
  readonly fetched: string;
  readonly etag?: string;
  readonly records: number;
  readonly entries: number;
  /** Releases that it has something of: `Debian:13`. */
  readonly releases: readonly string[];
  /** By part: where it begins, its length, its CRC-32. */
  readonly parts: readonly (readonly [number, number, number])[];
}

/** A database is not as it was written. */
export class DamagedDatabase extends Error {
  constructor() {
    super('it is damaged');
  }
}

export function packageKey(release: string, name: string): string {
  return JSON.stringify([release, name]);
}

/** The same for a record that is asked for by its id. */
export function idKey(id: string): string {
  return JSON.stringify([id]);
}

function partOf(key: string): number {
  return createHash('sha256').update(key).digest().readUInt16BE() % PARTS;
}

/** Gathers a database: records one by one, then the whole file. */
export class AdvisoryWriter {
  readonly #lines = Array.from({ length: PARTS }, () => '');
  readonly #packed = Array.from({ length: PARTS }, (): Buffer[] => []);
  readonly #releases = new Set<string>();
  #entries = 0;
  #records = 0;

  /** Throws RangeError for more entries than any ecosystem has. */
  add({ entries, head, id }: AdvisoryParts): void {
    this.#records += 1;
    for (const entry of entries) {
      this.#releases.add(entry.release);
      this.#line(packageKey(entry.release, entry.name), entry);
    }
    if (head !== undefined)
      this.#line(idKey(id), { release: '', name: '', record: head, versions: [] });
  }

  /** The file, in pieces, and its description. */
  end(about: Pick<DatabaseMeta, 'ecosystem' | 'from' | 'date' | 'fetched' | 'etag'>): {
    readonly meta: DatabaseMeta;
    readonly pieces: readonly Buffer[];
  } {
    const pieces: Buffer[] = [];
    let at = 0;
    const parts = this.#packed.map((packed, part) => {
      this.#pack(part);
      const bytes = Buffer.concat(packed);
      pieces.push(bytes);
      at += bytes.length;
      return [at - bytes.length, bytes.length, crc32(bytes)] as const;
    });
    const meta: DatabaseMeta = {
      ...about,
      records: this.#records,
      entries: this.#entries,
      releases: [...this.#releases].sort(),
      parts,
    };
    pieces.push(gzipSync(JSON.stringify(meta)));
    pieces.push(Buffer.from(String(at).padStart(DIGITS, '0')));
    return { meta, pieces };
  }

  #line(key: string, entry: AdvisoryEntry): void {
    if ((this.#entries += 1) > MOST_ENTRIES) throw new RangeError('it has too many entries');
    const part = partOf(key);
    const lines = `${this.#lines[part] ?? ''}${key}\t${JSON.stringify(entry)}\n`;
    this.#lines[part] = lines;
    if (lines.length > PACKED) this.#pack(part);
  }

  #pack(part: number): void {
    const lines = this.#lines[part] ?? '';
    if (lines !== '') this.#packed[part]?.push(gzipSync(lines, { level: 1 }));
    this.#lines[part] = '';
  }
}

/**
 * The description in a database. Throws DamagedDatabase, and the system's error where the file is
 * missing.
 */
export function databaseMeta(path: string): DatabaseMeta {
  return reading(path, (read, size) => {
    const at = Number(read(size - DIGITS, DIGITS).toString('latin1'));
    const text = gunzipSync(read(at, size - DIGITS - at), { maxOutputLength: MOST_META });
    return JSON.parse(text.toString('utf8')) as DatabaseMeta;
  });
}

/** The entries of these keys, by key. Throws as `databaseMeta` does. */
export function databaseEntries(
  path: string,
  { parts }: DatabaseMeta,
  keys: ReadonlySet<string>,
): ReadonlyMap<string, readonly AdvisoryEntry[]> {
  const found = new Map<string, AdvisoryEntry[]>([...keys].map((key) => [key, []]));
  return reading(path, (read) => {
    for (const part of new Set([...keys].map(partOf))) {
      const [at = 0, length = 0, sum] = parts[part] ?? [];
      if (length === 0) continue;
      const packed = read(at, length);
      if (crc32(packed) !== sum) throw new DamagedDatabase();
      const text = gunzipSync(packed, { maxOutputLength: MOST_PART }).toString('utf8');
      for (const line of text.split('\n')) {
        const tab = line.indexOf('\t');
        const own = found.get(line.slice(0, Math.max(0, tab)));
        own?.push(JSON.parse(line.slice(tab + 1)) as AdvisoryEntry);
      }
    }
    return found;
  });
}

type Read = (at: number, length: number) => Buffer;

/** Whatever cannot be read, unpacked or parsed in an open database is damage. */
function reading<T>(path: string, use: (read: Read, size: number) => T): T {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    return use((at, length) => {
      if (!(at >= 0 && length >= 0 && at + length <= size)) throw new DamagedDatabase();
      const bytes = Buffer.alloc(length);
      if (readSync(file, bytes, 0, length, at) !== length) throw new DamagedDatabase();
      return bytes;
    }, size);
  } catch {
    throw new DamagedDatabase();
  } finally {
    closeSync(file);
  }
}
