import { constants, inflateSync } from 'node:zlib';
import { type EntrySink, InflateSink, type UnpackBudget } from '../../image/formats/inflate.ts';
import { MalformedRecord } from '../../image/formats/sqlite.ts';
import { ZipStream } from '../../image/formats/zip-stream.ts';
import { LARGEST_COMMENT, ZIP_BYTES } from '../../image/formats/zip.ts';
import { TarError } from '../../image/tar/tar-header.ts';
import { TarReader } from '../../image/tar/tar-reader.ts';

/** Tries of rules, in units of about four nanoseconds: some seconds for a layer. */
const TRIES = 200_000_000;
/** More of one rule in one piece would say nothing new. */
const MAX_FINDINGS = 20;
const MAX_UNPACKED = 2 * 1024 * 1024 * 1024;
const MAX_MEMBERS = 1_000_000;
/** Bytes that base64 within texts decodes to. */
const MAX_DECODED = 1024 * 1024 * 1024;
/** Packed contents within base64: each costs what a small file does. */
const MAX_PACKED = 2_000;

/**
 * What the search of one layer or document may spend, so that hostile content does not cost more
 * than its share. Whatever is skipped since something is spent is a gap: `gaps` gives the reasons
 * since it was last asked, and a verdict without findings is then unknown.
 */
export class ScanBudget implements UnpackBudget {
  entries = MAX_MEMBERS;
  inflated = MAX_UNPACKED;
  decoded = MAX_DECODED;
  packed = MAX_PACKED;
  /** Memory for pieces, by depth: of each depth one content is read at a time. */
  readonly pieces: Uint8Array[] = [];
  #tries: number;
  #gaps = new Set<string>();

  /** `findings`: how many of one rule are listed of one piece of content. */
  readonly findings: number;

  constructor({ tries = TRIES, findings = MAX_FINDINGS } = {}) {
    this.#tries = tries;
    this.findings = findings;
  }

  /** Takes the cost of one try; false where nothing is left for it, which is a gap. */
  spend(units: number): boolean {
    this.#tries -= units;
    if (this.#tries >= 0) return true;
    this.gap('too much in it looks like the beginning of a secret');
    return false;
  }

  gap(reason: string): void {
    this.#gaps.add(reason);
  }

  gaps(): readonly string[] {
    if (this.#gaps.size === 0) return [];
    const reasons = [...this.#gaps];
    this.#gaps.clear();
    return reasons;
  }
}

/** Opens content as it comes; `push` gives false where it wants no more. */
interface Opener {
  readonly push: (bytes: Uint8Array) => unknown;
  readonly end: () => void;
}

type Member = (name: string) => EntrySink;

function tarOpener(member: Member, budget: UnpackBudget): Opener {
  let sink: EntrySink | undefined;
  const end = (): void => {
    sink?.end();
    sink = undefined;
  };
  const reader = new TarReader({
    onEntry: ({ name, type, size }) => {
      if ((budget.entries -= 1) < 0) throw new MalformedRecord('it has too many entries');
      if (type === 'file' && size > 0) sink = member(name);
    },
    onContent: (chunk) => sink?.push(chunk),
    onEntryEnd: end,
  });
  return {
    push: (bytes) => {
      reader.push(bytes);
    },
    end,
  };
}

function zipOpener(member: Member, budget: UnpackBudget, unopened: Unopened): Opener {
  return new ZipStream((name, isReadable) => {
    if (!isReadable) unopened('encrypted or unusual zip');
    // A name that ends as a folder's does keeps nobody from reading what is under it.
    return isReadable ? member(name) : undefined;
  }, budget);
}

/** An ar archive, as packages of Debian are (deb(5)). */
class ArOpener implements Opener {
  readonly #member: Member;
  readonly #budget: UnpackBudget;
  readonly #header = Buffer.alloc(60);
  #filled = 0;
  #left = 0;
  /** Bytes to pass over: the archive's mark, then what makes a member's size even. */
  #skip = 8;
  #sink: EntrySink | undefined;

  constructor(member: Member, budget: UnpackBudget) {
    this.#member = member;
    this.#budget = budget;
  }

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) at += this.#take(bytes.subarray(at));
  }

  end(): void {
    this.#sink?.end();
    this.#sink = undefined;
  }

  #take(bytes: Uint8Array): number {
    const wanted = this.#left || this.#skip || this.#header.length - this.#filled;
    const part = bytes.subarray(0, wanted);
    if (this.#left > 0) {
      this.#left -= part.length;
      this.#sink?.push(part);
      if (this.#left === 0) this.end();
    } else if (this.#skip > 0) this.#skip -= part.length;
    else {
      this.#header.set(part, this.#filled);
      this.#filled += part.length;
      if (this.#filled === this.#header.length) this.#open(this.#header.toString('latin1'));
    }
    return part.length;
  }

  #open(header: string): void {
    this.#filled = 0;
    const size = Number.parseInt(header.slice(48, 58).trim(), 10);
    if (!header.endsWith('`\n') || !Number.isSafeInteger(size))
      throw new MalformedRecord('it is not an ar archive');
    if ((this.#budget.entries -= 1) < 0) throw new MalformedRecord('it has too many entries');
    this.#left = size;
    this.#skip = size % 2;
    if (size > 0) this.#sink = this.#member(header.slice(0, 16).trim());
  }
}

/** Archives and encodings in each other: a Helm release is base64 of base64 of gzip of base64. */
export const MAX_DEPTH = 8;

/** Begins of what is packed in a way that is not opened here. */
const OTHERS: readonly (readonly [kind: string, magic: Uint8Array])[] = [
  ['xz', magic('fd377a585a')],
  ['zstd', magic('28b52ffd')],
  ['bzip2', magic('425a68')],
  ['7z', magic('377abcaf271c')],
  ['rar', magic('526172211a07')],
  ['lz4', magic('04224d18')],
  ['squashfs', magic('68737173')],
  ['cpio', magic('303730373031')],
  ['git pack', magic('5041434b000000')],
  ['git bundle', Buffer.from('# v2 git bundle')],
  ['git bundle', Buffer.from('# v3 git bundle')],
  ['rpm', magic('edabeedb')],
  ...[...Array(16).keys()].map((n) => ['zstd', magic(`5${n.toString(16)}2a4d18`)] as const),
  ['lz4', magic('02214c18')],
  ['lzma', magic('5d0000')],
  ['lzip', Buffer.from('LZIP')],
  ['lzop', magic('894c5a4f000d0a1a0a')],
  ['lrzip', Buffer.from('LRZI')],
  ['compress', magic('1f9d')],
  ['snappy', magic('ff060000734e61507059')],
  ['cabinet', magic('4d53434600000000')],
  ['xar', Buffer.from('xar!')],
  ['wim', magic('4d5357494d000000')],
  ['qcow2', magic('514649fb')],
  ['cramfs', magic('453dcd28')],
  ['UTF-32 text', magic('fffe0000')],
  ['UTF-32 text', magic('0000feff')],
];
const GZIP = magic('1f8b08');
const SCRIPT = magic('2321');

const END_MARK = magic('504b0506');
const LISTED_MARK = magic('504b0102');
/** A zip archive, and one that was made in parts and is whole (APPNOTE.TXT 8.5.4). */
const ZIP_HEADS = ['504b0304', '504b0708504b0304', '504b3030504b0304'].map(magic);

const DEB = Buffer.from('!<arch>\ndebian-binary');
const SQLITE = Buffer.from('SQLite format 3\0');
const TAR = { magic: Buffer.from('ustar'), at: 257, block: 512, sum: { from: 148, to: 156 } };

/** By its magic, or before POSIX by the sum of its first header. */
export function isTar(head: Uint8Array): boolean {
  if (head.length < TAR.block) return false;
  if (begins(head, TAR.magic, TAR.at)) return true;
  const { from, to } = TAR.sum;
  const said = /^ *([0-7]{4,6})[\0 ]{1,2}$/.exec(
    Buffer.from(head.subarray(from, to)).toString('latin1'),
  );
  if (said === null || head[0] === 0) return false;
  let sum = (to - from) * 0x20;
  for (let at = 0; at < TAR.block; at += 1) if (at < from || at >= to) sum += head[at] ?? 0;
  return sum === Number.parseInt(said[1] ?? '', 8);
}

export function isDatabase(head: Uint8Array): boolean {
  return head.length >= SQLITE.length && begins(head, SQLITE);
}

/** Gzip without a name in its header, as programs keep it in a row. */
export function holdsGzip(piece: Uint8Array): boolean {
  return Buffer.from(piece.buffer, piece.byteOffset, piece.length).includes('1f8b0800', 0, 'hex');
}

export function isPacked(head: Uint8Array): boolean {
  return [GZIP, DEB, SQLITE, ...ZIP_HEADS, ...OTHERS.map(([, start]) => start)].some(
    (start) => head.length >= start.length && begins(head, start),
  );
}

/**
 * Where the zip at the end of content begins, by its directory: readers ignore what is in front.
 * `elsewhere` where that cannot be seen, undefined where there is none.
 */
export function zipAtEnd(tail: Uint8Array): number | 'elsewhere' | undefined {
  const bytes = Buffer.from(tail.buffer, tail.byteOffset, tail.length);
  const from = Math.max(0, tail.length - ZIP_BYTES.end - LARGEST_COMMENT);
  for (let end = bytes.indexOf(END_MARK, from); end >= 0; end = bytes.indexOf(END_MARK, end + 1)) {
    const isWhole = end + ZIP_BYTES.end <= bytes.length;
    // Readers go by the size of the directory, whatever number of entries is said.
    if (!isWhole || bytes.readUInt32LE(end + 12) === 0) continue;
    if (!bytes.subarray(0, end).includes(LISTED_MARK)) return undefined;
    const start = end - bytes.readUInt32LE(end + 12) - bytes.readUInt32LE(end + 16);
    return start > 0 && isPacked(bytes.subarray(start, start + 16)) ? start : 'elsewhere';
  }
  return undefined;
}

function magic(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

function begins(bytes: Uint8Array, start: Uint8Array, from = 0): boolean {
  for (let at = 0; at < start.length; at += 1) if (bytes[from + at] !== start[at]) return false;
  return true;
}

type Unopened = (kind: string) => void;

/**
 * What opens content with this beginning and passes on its members; undefined where it is not
 * packed, or is packed in a way that is not opened.
 */
export function openerOf(
  head: Uint8Array,
  depth: number,
  budget: ScanBudget,
  unopened: Unopened,
  member: Member,
): EntrySink | undefined {
  if (head.length < 8) return undefined;
  const kind = OTHERS.find(([, start]) => begins(head, start))?.[0];
  if (kind !== undefined) unopened(kind);
  const make = openingOf(head, budget, unopened, member);
  if (make === undefined) return undefined;
  if (depth < MAX_DEPTH) return guarded(make(), budget, unopened);
  budget.gap(`it contains archives in archives, more than ${MAX_DEPTH} deep`);
  return undefined;
}

function openingOf(
  head: Uint8Array,
  budget: ScanBudget,
  unopened: Unopened,
  member: Member,
): (() => Opener) | undefined {
  const isScript = begins(head, SCRIPT);
  // A script and then a zip: what Python calls a zipapp, and jars that start on their own.
  const isZipApp =
    isScript && Buffer.from(head.subarray(0, 65_536)).includes('PK\x03\x04', 0, 'latin1');
  if (isZipApp || ZIP_HEADS.some((start) => begins(head, start)))
    return () => zipOpener(member, budget, unopened);
  if (begins(head, GZIP)) return () => new InflateSink(member('content'), budget, 'gzip');
  if (begins(head, DEB)) return () => new ArOpener(member, budget);
  if (isZlib(head))
    return () => behind(new InflateSink(member('content'), budget, 'deflate'), ZLIB_HEADER);
  const packed = isScript ? packedPart(head) : undefined;
  if (packed !== undefined) return () => behind(member('content'), packed);
  return isTar(head) ? () => tarOpener(member, budget) : undefined;
}

const ZLIB_HEADER = 2;
/** Bytes; tables of codes may come first. */
export const ZLIB_HEAD = 512;
/** By the two bytes of its header, of a window of any size (RFC 1950, 2.2). */
export function mayBeZlib([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8 && first <= 0x78 && ((first << 8) + second) % 31 === 0;
}

/**
 * True where bytes begin as zlib: objects of git, each in a file (gitformat-loose(5)), and what
 * programs keep in base64. Its two bytes alone say little, so that the next must unpack.
 */
export function isZlib(head: Uint8Array): boolean {
  if (!mayBeZlib(head)) return false;
  try {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 64 * 1024 };
    return inflateSync(head.subarray(0, ZLIB_HEAD), options).length >= 16;
  } catch {
    return false;
  }
}

/** Where a script ends and something packed begins on a line of its own, as makeself writes it. */
function packedPart(head: Uint8Array): number | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
  for (let at = bytes.indexOf('\n'); at >= 0; at = bytes.indexOf('\n', at + 1))
    if (isPacked(bytes.subarray(at + 1, at + 20)) || isTar(bytes.subarray(at + 1))) return at + 1;
  return undefined;
}

function behind(sink: EntrySink, length: number): Opener {
  let left = length;
  return {
    push: (bytes) => {
      const rest = bytes.subarray(left);
      left = Math.max(0, left - bytes.length);
      return rest.length === 0 || sink.push(rest);
    },
    end: () => {
      sink.end();
    },
  };
}

/** A damaged archive ends with what was had of it. */
function guarded(opener: Opener, budget: ScanBudget, unopened: Unopened): EntrySink {
  let isBroken = false;
  const attempt = (work: () => unknown): boolean => {
    try {
      return !isBroken && work() !== false;
    } catch (error) {
      if (!(error instanceof MalformedRecord || error instanceof TarError)) throw error;
      isBroken = true;
      if (budget.entries < 0 || budget.inflated < 0)
        budget.gap('archives in the layer unpack to too much');
      else unopened('damaged archive');
      return false;
    }
  };
  return {
    push: (bytes) => attempt(() => opener.push(bytes)),
    end: () => {
      attempt(() => {
        opener.end();
      });
    },
  };
}
