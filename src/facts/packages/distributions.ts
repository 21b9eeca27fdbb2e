import { RpmHeader } from '../../image/formats/rpm-header.ts';
import { MalformedRecord, sqliteRows } from '../../image/formats/sqlite.ts';
import { fileName } from '../../lib/text.ts';
import type { RawPackage } from '../layer-facts.ts';
import {
  isOwnable,
  isPlainText,
  linesOf,
  MAX_PACKAGES,
  NOTHING,
  type OwnedFile,
  type RecordContent,
  recordedPackage,
  recordedSupplier,
  recordOf,
  type RecordReader,
  stanzaFields,
  type StreamReader,
  textOf,
  unreadable,
} from './record.ts';

type Fields = ReadonlyMap<string, string>;

/** Fields of each package: a letter, a colon and a value; the first of each letter counts. */
function* apkStanzas(text: string): Generator<Fields> {
  let fields = new Map<string, string>();
  for (const line of linesOf(text)) {
    if (line === '') {
      if (fields.size > 0) yield fields;
      fields = new Map();
    } else if (/^[A-Za-z]:/.test(line) && !fields.has(line.charAt(0)))
      fields.set(line.charAt(0), line.slice(2).trim());
  }
  if (fields.size > 0) yield fields;
}

/** `P:` names the package, `F:` behind it a folder, each `R:` behind that a file in it. */
function* apkFiles(text: string): Generator<OwnedFile> {
  let [owner, folder] = ['', ''];
  for (const line of linesOf(text)) {
    if (line === '') owner = folder = '';
    else if (line.startsWith('P:') && owner === '') owner = line.slice(2).trim();
    else if (line.startsWith('F:')) folder = line.slice(2);
    else if (line.startsWith('R:') && isOwnable(line.slice(2)) && isPlainText(owner))
      yield { owner, path: `${folder}/${line.slice(2)}` };
  }
}

function apkPackage(fields: Fields): RawPackage | undefined {
  const [name, version, origin] = ['P', 'V', 'o'].map((letter) => fields.get(letter));
  return recordedPackage('apk', name, version, {
    licenses: [fields.get('L')],
    architecture: fields.get('A'),
    source: { name: origin ?? '', version: version ?? '' },
    supplier: recordedSupplier(fields.get('m')),
  });
}

/** apk's database of installed packages (apk-tools, "Installed Database V2"; apk 3 has it too). */
export const APK: RecordReader = {
  isDatabase: true,
  matches: (path) => path === 'lib/apk/db/installed' || path === 'usr/lib/apk/db/installed',
  cap: 64 * 1024 * 1024,
  read: (content) => {
    const text = textOf(content);
    if (text.startsWith('ADB'))
      return unreadable('it is in the binary format of apk 3, which is not read');
    const packages: (RawPackage | undefined)[] = [];
    for (const fields of apkStanzas(text))
      if (packages.push(apkPackage(fields)) > MAX_PACKAGES) break;
    return { ...recordOf(packages), owned: apkFiles(text) };
  },
};

const DPKG_DATABASE = 'var/lib/dpkg/';
const STATUS = /^var\/lib\/dpkg\/(?:status|status\.d\/[^/]+)$/;
const LIST = /^var\/lib\/dpkg\/info\/([^/:]+)(?::[^/]*)?\.list$/;
const SUMS = /^var\/lib\/dpkg\/status\.d\/([^/:]+)(?::[^/]*)?\.md5sums$/;

/** Characters; those of real packages have some thousand. */
const MAX_STANZA = 1024 * 1024;

/** States of a package without files (dpkg(1), "Package states"); all other states have some. */
const ABSENT = new Set(['not-installed', 'config-files']);

/** `want flag state`: the last word says what is on disk, whatever is wanted of the package. */
function isPresent(status: string | undefined): boolean {
  const state = /^\S+\s+\S+\s+(\S+)$/.exec((status ?? '').slice(0, 100))?.[1];
  return state !== undefined && !ABSENT.has(state);
}

function debPackage(fields: Fields): RawPackage | undefined {
  const [name = '', version = ''] = ['package', 'version'].map((field) => fields.get(field));
  // `Source: name (version)`; without a version, it is the package's own (deb-src-control(5)).
  const source = /^(\S+)(?:\s+\((\S+)\))?$/.exec((fields.get('source') ?? name).slice(0, 600));
  return recordedPackage('deb', name, version, {
    architecture: fields.get('architecture'),
    source: { name: source?.[1] ?? '', version: source?.[2] ?? version },
    supplier: recordedSupplier(fields.get('maintainer')),
    originator: recordedSupplier(fields.get('original-maintainer')),
  });
}

function* stanzasOf(text: string): Generator<string> {
  let from = 0;
  for (const { index, 0: blank } of text.matchAll(/\n[ \t\r]*\n/g)) {
    yield text.slice(from, index);
    from = index + blank.length;
  }
  yield text.slice(from);
}

/** dpkg's database, and distroless images' single records in `status.d`, which have no status. */
export const DPKG: RecordReader = {
  isDatabase: true,
  matches: (path) => path.startsWith(DPKG_DATABASE) && STATUS.test(path) && !SUMS.test(path),
  cap: 64 * 1024 * 1024,
  read: (content, path) => {
    const single = path.startsWith(`${DPKG_DATABASE}status.d/`);
    const packages: (RawPackage | undefined)[] = [];
    for (const stanza of stanzasOf(textOf(content))) {
      if (packages.length > MAX_PACKAGES) break;
      const isTooLong = stanza.length > MAX_STANZA;
      const fields = isTooLong ? undefined : stanzaFields(stanza);
      if (fields?.size === 0 || (fields && !single && !isPresent(fields.get('status')))) continue;
      packages.push(fields && debPackage(fields));
    }
    return recordOf(packages);
  },
};

function* listed(text: string, owner: string): Generator<OwnedFile> {
  for (const line of linesOf(text)) if (line !== '') yield { owner, path: line };
}

/** Files of an installed package (`info/NAME.list`). */
export const DPKG_LIST: RecordReader = {
  matches: (path) => path.startsWith(DPKG_DATABASE) && LIST.test(path),
  cap: 16 * 1024 * 1024,
  read: (content, path) => {
    const owner = LIST.exec(path)?.[1];
    return owner === undefined ? NOTHING : { packages: [], owned: listed(textOf(content), owner) };
  },
};

/** Files of a package of a distroless image (`status.d/NAME.md5sums`): sum, two spaces, path. */
export const DPKG_SUMS: RecordReader = {
  matches: (path) => path.startsWith(DPKG_DATABASE) && SUMS.test(path),
  cap: 16 * 1024 * 1024,
  read: (content, path) => {
    const owner = SUMS.exec(path)?.[1];
    if (owner === undefined) return NOTHING;
    const paths = textOf(content).replace(/^\S+ [ *]/gm, '');
    return { packages: [], owned: listed(paths, owner) };
  },
};

/** The record for a `status.d/NAME.md5sums`; without it, the package's version is not known. */
export function recordOfSums(path: string): string | undefined {
  return SUMS.test(path) ? path.slice(0, -'.md5sums'.length) : undefined;
}

export const NO_RECORD = 'it lists files of a package whose version is not recorded';

const COPYRIGHT = /^usr\/share\/doc\/[^/]+\/copyright$/;
/** The machine-readable form (Debian's copyright-format 1.0); others are prose. */
const FORMAT = /^Format:/m;
const LICENSE = /^License:[ \t]*(\S[^\n]*)$/gm;
const MAX_LICENSES = 50;

/** Where a Debian package states its licenses; the folder may link to that of another package. */
export function copyrightPath(packageName: string): string {
  return `usr/share/doc/${packageName}/copyright`;
}

/** Short names of the licenses that a Debian copyright file names, each once. */
export const DEBIAN_COPYRIGHT: RecordReader = {
  matches: (path) => path.endsWith('/copyright') && COPYRIGHT.test(path),
  cap: 512 * 1024,
  read: (content) => {
    const text = textOf(content);
    if (!FORMAT.test(text.slice(0, 1024))) return { packages: [] };
    const names = [...text.matchAll(LICENSE)].map((match) => (match[1] ?? '').trim());
    const licenses = [...new Set(names)].filter((name) => isPlainText(name, 200)).sort();
    return { packages: [], licenses: licenses.slice(0, MAX_LICENSES) };
  },
};

/** Berkeley DB's dbinc/db_page.h: numbers are in the byte order of the machine that wrote them. */
const HASH_MAGIC = 0x061561;
const PAGE_HEADER = 26;
const PAGE = { hashUnsorted: 2, hash: 13 } as const;
const ITEM = { inline: 1, offPage: 3 } as const;

/** Header blobs of `Packages`, a Berkeley DB hash (rpm 4.16 and older). Throws MalformedRecord. */
function* bdbValues(bytes: Uint8Array): Generator<Uint8Array> {
  const file = new HashFile(bytes);
  for (let page = 1; page < file.pages; page += 1) yield* file.valuesOf(page);
}

class HashFile {
  readonly pages: number;
  readonly #file: Buffer;
  readonly #little: boolean;
  readonly #size: number;
  readonly #seen = new Set<number>();

  constructor(bytes: Uint8Array) {
    this.#file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.#file.length < 512) throw new MalformedRecord('it is not a Berkeley DB database');
    this.#little = this.#file.readUInt32LE(12) === HASH_MAGIC;
    if (!this.#little && this.#file.readUInt32BE(12) !== HASH_MAGIC)
      throw new MalformedRecord('it is not a Berkeley DB hash database');
    if (this.#file.readUInt8(24) !== 0) throw new MalformedRecord('it is encrypted');
    this.#size = this.#u32(this.#file, 20);
    if (this.#size < 512 || this.#size > 65_536 || (this.#size & (this.#size - 1)) !== 0)
      throw new MalformedRecord('its page size is none');
    const counted = this.#u32(this.#file, 32) + 1;
    if (counted * this.#size > this.#file.length) throw new MalformedRecord('it is cut off');
    this.pages = counted;
  }

  *valuesOf(number: number): Generator<Uint8Array> {
    const page = this.#page(number);
    const type = page.readUInt8(25);
    if (type !== PAGE.hash && type !== PAGE.hashUnsorted) return;
    const items = this.#u16(page, 20);
    if (PAGE_HEADER + 2 * items > this.#size)
      throw new MalformedRecord('a page counts more than it contains');
    // Keys and values take turns.
    for (let item = 1; item < items; item += 2) {
      const at = this.#u16(page, PAGE_HEADER + 2 * item);
      const before = this.#u16(page, PAGE_HEADER + 2 * (item - 1));
      if (at < PAGE_HEADER || at + 1 > before || before > this.#size)
        throw new MalformedRecord('an item lies outside its page');
      const kind = page.readUInt8(at);
      if (kind === ITEM.inline) yield page.subarray(at + 1, before);
      else if (kind !== ITEM.offPage) throw new MalformedRecord('an item is of another kind');
      else if (at + 12 > this.#size) throw new MalformedRecord('an item lies outside its page');
      else yield this.#chain(this.#u32(page, at + 4), this.#u32(page, at + 8));
    }
  }

  /** A value that lies in pages of its own, each naming the next. */
  #chain(first: number, length: number): Uint8Array {
    if (length > this.#file.length) throw new MalformedRecord('a value is larger than the file');
    const parts: Uint8Array[] = [];
    let left = length;
    for (let next = first; left > 0;) {
      if (next === 0 || this.#seen.has(next)) throw new MalformedRecord('its pages go in a loop');
      this.#seen.add(next);
      const page = this.#page(next);
      const held = this.#u16(page, 22);
      if (held === 0 || PAGE_HEADER + held > this.#size)
        throw new MalformedRecord('a page counts more than it contains');
      const part = page.subarray(PAGE_HEADER, PAGE_HEADER + Math.min(held, left));
      parts.push(part);
      left -= part.length;
      next = this.#u32(page, 16);
    }
    return Buffer.concat(parts);
  }

  #page(number: number): Buffer {
    if (number >= this.pages) throw new MalformedRecord('a page lies outside the file');
    return this.#file.subarray(number * this.#size, (number + 1) * this.#size);
  }

  #u16(bytes: Buffer, at: number): number {
    return this.#little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  }

  #u32(bytes: Buffer, at: number): number {
    return this.#little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  }
}

/** rpmtag.h */
const TAG = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  vendor: 1011,
  license: 1014,
  packager: 1015,
  architecture: 1022,
  fileFlags: 1037,
  sourceRpm: 1044,
  folderIndexes: 1116,
  baseNames: 1117,
  folderNames: 1118,
  modularity: 5096,
} as const;

/** rpmfiles.h, RPMFILE_GHOST: the package lists the file, and does not contain it. */
const GHOST = 1 << 6;

function* rpmFiles(header: RpmHeader, owner: string): Generator<OwnedFile> {
  const folders = header.strings(TAG.folderNames);
  const indexes = header.integers(TAG.folderIndexes);
  const flags = header.integers(TAG.fileFlags);
  const names = header.strings(TAG.baseNames);
  for (const [i, name] of names.entries())
    if (isOwnable(name) && ((flags[i] ?? 0) & GHOST) === 0)
      yield { owner, path: `${folders[indexes[i] ?? -1] ?? ''}${name}` };
}

interface RpmPackage {
  readonly found: RawPackage;
  readonly owned: Iterable<OwnedFile>;
}

/**
 * The package of a header blob of an rpm database, its version with the epoch in front if it has
 * one. Undefined for a key that rpm keeps among its packages (`gpg-pubkey`). Throws
 * MalformedRecord.
 */
function rpmPackage(blob: Uint8Array): RpmPackage | undefined {
  const header = new RpmHeader(blob);
  const name = header.text(TAG.name);
  const version = header.text(TAG.version);
  const release = header.text(TAG.release);
  if (name === 'gpg-pubkey') return undefined;
  const epoch = header.integer(TAG.epoch);
  // `NAME-VERSION-RELEASE.src.rpm` (or `.nosrc.rpm`).
  const source = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(header.text(TAG.sourceRpm) ?? '');
  const found = recordedPackage(
    'rpm',
    name,
    isPlainText(version) && isPlainText(release)
      ? `${epoch === undefined || epoch === 0 ? '' : `${epoch}:`}${version}-${release}`
      : undefined,
    {
      licenses: [header.text(TAG.license)],
      architecture: header.text(TAG.architecture),
      source: { name: source?.[1] ?? '', version: source?.[2] ?? '' },
      modularity: header.text(TAG.modularity),
      supplier:
        recordedSupplier(header.text(TAG.vendor), 'organization') ??
        recordedSupplier(header.text(TAG.packager)),
    },
  );
  if (found === undefined) throw new MalformedRecord('a header has no name or no version');
  return { found, owned: rpmFiles(header, found.name) };
}

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

export const RPM: StreamReader = {
  isDatabase: true,
  matches: (path) => path.includes('/rpm/') && RPM_DATABASE.test(path),
  start: ({ path, entry: { size } }) => {
    const name = fileName(path);
    let held: Buffer | undefined;
    let length = 0;
    return {
      push: (bytes) => {
        if (size > MAX_SIZE) return;
        held ??= Buffer.allocUnsafe(size);
        held.set(bytes.subarray(0, size - length), length);
        length += bytes.length;
      },
      end: () => {
        if (name === 'rpmdb.sqlite-wal')
          return size <= EMPTY_LOG
            ? NOTHING
            : unreadable('it contains changes of the package database that are not in it yet');
        if (size > MAX_SIZE) return unreadable(`it is larger than ${MAX_SIZE} bytes`);
        return held === undefined ? NOTHING : readRpmDatabase(held, name);
      },
    };
  },
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
