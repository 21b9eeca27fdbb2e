import type { RawPackage } from '../layer-facts.ts';
import { isOwnable, type OwnedFile } from './ownership.ts';
import { isPlainText, MalformedRecord } from './record.ts';

/** rpmtag.h */
const TAG = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  license: 1014,
  architecture: 1022,
  sourceRpm: 1044,
  folderIndexes: 1116,
  baseNames: 1117,
  folderNames: 1118,
  modularity: 5096,
} as const;
const INT32 = 4;
const STRINGS = new Set([6, 8, 9]);
const ENTRY = 16;
/** As rpm itself bounds them (HEADER_TAGS_MAX, and far above the files of the largest package). */
const MAX_TAGS = 0xffff;
const MAX_ITEMS = 1_000_000;

interface Entry {
  readonly type: number;
  readonly offset: number;
  readonly count: number;
}

/** The fields of a header as rpm keeps it in its database: number of entries, size of the data, entries, data, all big-endian. */
class Header {
  readonly #data: Buffer;
  readonly #entries = new Map<number, Entry>();

  constructor(bytes: Uint8Array) {
    const blob = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (blob.length < 8) throw new MalformedRecord('a header is cut off');
    const tags = blob.readUInt32BE(0);
    const from = 8 + tags * ENTRY;
    const to = from + blob.readUInt32BE(4);
    if (tags > MAX_TAGS || to > blob.length) throw new MalformedRecord('a header is cut off');
    for (let at = 8; at < from; at += ENTRY) {
      const tag = blob.readUInt32BE(at);
      const entry = {
        type: blob.readUInt32BE(at + 4),
        offset: blob.readUInt32BE(at + 8),
        count: blob.readUInt32BE(at + 12),
      };
      if (!this.#entries.has(tag)) this.#entries.set(tag, entry);
    }
    this.#data = blob.subarray(from, to);
  }

  text(tag: number): string | undefined {
    return this.strings(tag, 1)[0];
  }

  integer(tag: number): number | undefined {
    return this.integers(tag)[0];
  }

  integers(tag: number): readonly number[] {
    const entry = this.#entries.get(tag);
    if (entry?.type !== INT32) return [];
    const { offset, count } = entry;
    if (count > MAX_ITEMS || offset + 4 * count > this.#data.length)
      throw new MalformedRecord('a header counts more than it holds');
    return Array.from({ length: count }, (_, i) => this.#data.readUInt32BE(offset + 4 * i));
  }

  strings(tag: number, most = MAX_ITEMS): readonly string[] {
    const entry = this.#entries.get(tag);
    if (entry === undefined || !STRINGS.has(entry.type)) return [];
    if (entry.count > MAX_ITEMS) throw new MalformedRecord('a header counts more than it holds');
    const found: string[] = [];
    let at = entry.offset;
    while (found.length < Math.min(entry.count, most)) {
      const end = at < this.#data.length ? this.#data.indexOf(0, at) : -1;
      if (end < 0) throw new MalformedRecord('a header counts more than it holds');
      found.push(this.#data.toString('utf8', at, end));
      at = end + 1;
    }
    return found;
  }
}

/** `NAME-VERSION-RELEASE.src.rpm` (or `.nosrc.rpm`). */
function sourceOf(file: string | undefined): RawPackage['source'] {
  const found = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(file ?? '');
  return found === null ? undefined : { name: found[1] ?? '', version: found[2] ?? '' };
}

/** Files of the package that may record packages of their own. */
function* filesOf(header: Header, owner: string): Generator<OwnedFile> {
  const folders = header.strings(TAG.folderNames);
  const indexes = header.integers(TAG.folderIndexes);
  const names = header.strings(TAG.baseNames);
  for (const [i, name] of names.entries())
    if (isOwnable(name)) yield { owner, path: `${folders[indexes[i] ?? -1] ?? ''}${name}` };
}

export interface RpmPackage {
  readonly found: RawPackage;
  readonly owned: Iterable<OwnedFile>;
}

/**
 * The package that a header blob of an rpm database speaks of, its version with the epoch in front where it has one; undefined for
 * a key that rpm keeps among its packages (`gpg-pubkey`). Throws MalformedRecord.
 */
export function rpmPackage(blob: Uint8Array): RpmPackage | undefined {
  const header = new Header(blob);
  const name = header.text(TAG.name);
  const version = header.text(TAG.version);
  const release = header.text(TAG.release);
  if (!isPlainText(name) || !isPlainText(version) || !isPlainText(release))
    throw new MalformedRecord('a header has no name or no version');
  if (name === 'gpg-pubkey') return undefined;
  const epoch = header.integer(TAG.epoch);
  const license = header.text(TAG.license);
  const architecture = header.text(TAG.architecture);
  const source = sourceOf(header.text(TAG.sourceRpm));
  const modularity = header.text(TAG.modularity);
  const found: RawPackage = {
    type: 'rpm',
    name,
    version: `${epoch === undefined || epoch === 0 ? '' : `${epoch}:`}${version}-${release}`,
    licenses: isPlainText(license, 4096) ? [license] : [],
    ...(isPlainText(architecture) ? { architecture } : {}),
    ...(source !== undefined && isPlainText(source.name) ? { source } : {}),
    ...(isPlainText(modularity) ? { modularity } : {}),
  };
  return { found, owned: filesOf(header, name) };
}
