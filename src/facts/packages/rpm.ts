import { MalformedRecord } from '../../formats/malformed-record.ts';
import { sqliteRows } from '../../formats/sqlite-rows.ts';
import { fileName } from '../../model/path.ts';
import type { RawPackage } from '../layer-facts.ts';
import type { OwnedFile } from './ownership.ts';
import {
  MAX_PACKAGES,
  NOTHING,
  type RecordContent,
  type RecordStream,
  type StreamReader,
  unreadable,
} from './record.ts';
import { bdbValues } from './rpm-bdb.ts';
import { rpmPackage } from './rpm-header.ts';

const RPM_DATABASE =
  /^(?:var\/lib\/rpm|usr\/lib\/sysimage\/rpm|usr\/share\/rpm)\/(?:Packages|Packages\.db|rpmdb\.sqlite|rpmdb\.sqlite-wal)$/;
/** A thousand packages take about 60 MB. */
const MAX_SIZE = 128 * 1024 * 1024;
/** Files that may record packages; a system of a thousand packages has some ten thousand. */
const MAX_OWNED = 1_000_000;
/** A write-ahead log with nothing in it is its header, or empty. */
const EMPTY_LOG = 32;

function* sqliteBlobs(file: Uint8Array): Generator<Uint8Array> {
  for (const [, blob] of sqliteRows(file, 'Packages')) if (blob instanceof Uint8Array) yield blob;
}

function* hashBlobs(file: Uint8Array): Generator<Uint8Array> {
  // The entry with key 0 counts the packages.
  for (const value of bdbValues(file)) if (value.length > 4) yield value;
}

function blobsOf(file: Uint8Array, name: string): Generator<Uint8Array> {
  if (name === 'rpmdb.sqlite') return sqliteBlobs(file);
  return name === 'Packages.db' ? ndbBlobs(file) : hashBlobs(file);
}

/** Packages in an rpm database, in the format of its `name`; what can be read of a damaged one. */
export function readRpmDatabase(file: Uint8Array, name: string): RecordContent {
  const packages: RawPackage[] = [];
  const owned: OwnedFile[] = [];
  const wrong = new Set<string>();
  let left = file.length;
  try {
    for (const blob of blobsOf(file, name)) {
      left -= blob.length;
      if (left < 0) throw new MalformedRecord('its entries lie in each other');
      try {
        const read = rpmPackage(blob);
        if (read === undefined) continue;
        packages.push(read.found);
        for (const one of read.owned) if (owned.push(one) > MAX_OWNED) break;
      } catch (error) {
        wrong.add(reasonOf(error));
      }
      if (packages.length > MAX_PACKAGES || owned.length > MAX_OWNED)
        throw new MalformedRecord('it lists more than any system has');
    }
  } catch (error) {
    wrong.add(reasonOf(error));
  }
  const [reason] = wrong;
  return reason === undefined ? { packages, owned } : { packages, owned, unreadable: reason };
}

function reasonOf(error: unknown): string {
  if (error instanceof MalformedRecord) return error.message;
  throw error;
}

/** Keeps one file, up to a bound, in one piece. */
class HeldFile implements RecordStream {
  readonly #name: string;
  readonly #size: number;
  #bytes: Buffer | undefined;
  #length = 0;

  constructor(name: string, size: number) {
    this.#name = name;
    this.#size = size;
  }

  push(bytes: Uint8Array): void {
    if (this.#size > MAX_SIZE) return;
    this.#bytes ??= Buffer.allocUnsafe(this.#size);
    this.#bytes.set(bytes.subarray(0, this.#size - this.#length), this.#length);
    this.#length += bytes.length;
  }

  end(): RecordContent {
    if (this.#name === 'rpmdb.sqlite-wal')
      return this.#size <= EMPTY_LOG
        ? NOTHING
        : unreadable('it contains changes of the package database that are not in it yet');
    if (this.#size > MAX_SIZE) return unreadable(`it is larger than ${MAX_SIZE} bytes`);
    return this.#bytes === undefined ? NOTHING : readRpmDatabase(this.#bytes, this.#name);
  }
}

/** rpm's databases: Berkeley DB, ndb and SQLite. */
export const RPM: StreamReader = {
  isDatabase: true,
  matches: (path) => path.includes('/rpm/') && RPM_DATABASE.test(path),
  start: ({ path, entry }) => new HeldFile(fileName(path), entry.size),
};

/** rpm's lib/backend/ndb/rpmpkg.c; all numbers are little-endian. */
const HEADER = 'RpmP';
const SLOT = 'Slot';
const BLOB = 'BlbS';
const SLOT_SIZE = 16;
const SLOT_PAGE = 4096;
/** Blobs lie at multiples of this. */
const BLOCK = 16;

/** Header blobs of rpm's own database format (`Packages.db`). Throws MalformedRecord. */
function* ndbBlobs(bytes: Uint8Array): Generator<Uint8Array> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < 32 || file.toString('latin1', 0, 4) !== HEADER)
    throw new MalformedRecord('it is not an ndb database');
  const slots = file.readUInt32LE(12) * SLOT_PAGE;
  if (slots > file.length) throw new MalformedRecord('its slots lie outside the file');
  const seen = new Set<number>();
  // The header takes the place of the first two slots.
  for (let at = 2 * SLOT_SIZE; at < slots; at += SLOT_SIZE) {
    if (file.toString('latin1', at, at + 4) !== SLOT)
      throw new MalformedRecord('a slot is damaged');
    const index = file.readUInt32LE(at + 4);
    const block = file.readUInt32LE(at + 8);
    if (index === 0 || block === 0) continue;
    if (seen.has(block)) throw new MalformedRecord('two slots have one blob');
    seen.add(block);
    yield blobAt(file, block * BLOCK, index);
  }
}

function blobAt(file: Buffer, at: number, index: number): Uint8Array {
  if (at + 16 > file.length) throw new MalformedRecord('a blob lies outside the file');
  if (file.toString('latin1', at, at + 4) !== BLOB || file.readUInt32LE(at + 4) !== index)
    throw new MalformedRecord('a blob is damaged');
  const length = file.readUInt32LE(at + 12);
  if (at + 16 + length > file.length) throw new MalformedRecord('a blob lies outside the file');
  return file.subarray(at + 16, at + 16 + length);
}
