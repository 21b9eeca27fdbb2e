import type { TarEntry } from '../../model/image.ts';
import {
  BLOCK,
  contentSize,
  decimal,
  entryFlag,
  type Extensions,
  isHeaderOnly,
  isZeroBlock,
  latin1,
  MAX_META_BYTES,
  META,
  type Meta,
  NO_EXTENSIONS,
  numberField,
  parseHeader,
  parsePax,
  paxInteger,
  type PaxRecords,
  paxText,
  type RawHeader,
  SPARSE_MAP,
  storedSize,
  TarError,
  toEntry,
  untilNul,
} from './tar-header.ts';

/** A run of stored bytes in a sparse file; what lies between runs is zeros. */
interface SparseRun {
  readonly offset: number;
  readonly length: number;
}

/** More runs than any real file has; bounds what a hostile map may hold in memory. */
const MAX_RUNS = 50_000;
/** Zeros may stand before a number, but not without end. */
const LONGEST_LINE = 64 * 1024;

/** Runs in an old GNU header (four, at 386) or in one of its extension blocks (21, at 0). */
function gnuRuns(block: Uint8Array, offset: number, count: number): readonly SparseRun[] {
  const runs: SparseRun[] = [];
  for (let i = 0; i < count; i++) {
    const at = offset + i * 24;
    if (block[at] === 0) break;
    runs.push({
      offset: numberField(block, at, 12, 'sparse offset'),
      length: numberField(block, at + 12, 12, 'sparse length'),
    });
  }
  return runs;
}

/** Reads the map that starts a sparse 1.0 file's content: a count, then offset-length pairs. */
class SparseMapReader {
  readonly #numbers: number[] = [];
  #line = '';
  #wanted = 1;
  /** Bytes of content that the map has taken so far. */
  length = 0;

  /** Takes the next block; gives the runs once the map is complete. */
  push(block: Uint8Array): readonly SparseRun[] | undefined {
    this.length += block.length;
    const lines = (this.#line + latin1(block)).split('\n');
    // The block in which the last line ends belongs to the map.
    this.#line = lines.pop() ?? '';
    if (this.#line.length > LONGEST_LINE) throw new TarError('sparse map is malformed');
    for (const line of lines) {
      if (this.#numbers.length === this.#wanted) break;
      this.#numbers.push(decimal(line, 'a number of a sparse map'));
      if (this.#numbers.length === 1) this.#wanted = 1 + 2 * countOf(this.#numbers[0] ?? 0);
    }
    return this.#numbers.length < this.#wanted ? undefined : pairs(this.#numbers.slice(1));
  }
}

/** The runs of formats 0.0 and 0.1, of which `count` tells how many there are. */
function parseRuns(map: string, count: string): readonly SparseRun[] {
  const numbers = map === '' ? [] : map.split(',');
  if (numbers.length !== 2 * countOf(decimal(count, 'the count of a sparse map')))
    throw new TarError('sparse map does not have what it counts');
  return pairs(numbers.map((number) => decimal(number, 'a number of a sparse map')));
}

function pairs(numbers: readonly number[]): readonly SparseRun[] {
  const runs: SparseRun[] = [];
  for (let i = 0; i + 1 < numbers.length; i += 2)
    runs.push({ offset: numbers[i] ?? 0, length: numbers[i + 1] ?? 0 });
  return runs;
}

function countOf(count: number): number {
  if (count < 0 || count > MAX_RUNS) throw new TarError('sparse map is too large');
  return count;
}

/** GNU tar, "Storing Sparse Files"; runs are in a `map` or before the content (`inContent`). */
interface SparseLayout {
  readonly runs: readonly SparseRun[] | 'inContent';
  /** Undefined where it is the entry's. */
  readonly realSize: number | undefined;
  readonly name: string | undefined;
}

/** Limit for the total expanded size of an archive's sparse files: few bytes can claim any size. */
const MAX_SPARSE_BYTES = 16 * 2 ** 30;
const ZEROS = new Uint8Array(256 * 1024);

/**
 * The sparse layout that pax records tell (formats 0.0, 0.1 and 1.0), undefined where they tell
 * none. A version that is not known is none, and none is needed where a map is; records beside it
 * count for nothing, as in Go.
 */
function paxSparse(pax: PaxRecords): SparseLayout | undefined {
  const [major, minor] = [paxText(pax, 'GNU.sparse.major'), paxText(pax, 'GNU.sparse.minor')];
  const map = paxText(pax, SPARSE_MAP);
  const isFirst = major === '0' && (minor === '0' || minor === '1');
  const isSecond = major === '1' && minor === '0';
  const isGuessed = major === undefined && minor === undefined && map !== undefined;
  if (!isFirst && !isSecond && !isGuessed) return undefined;
  const count = paxText(pax, 'GNU.sparse.numblocks') ?? '';
  return {
    runs: isSecond ? 'inContent' : parseRuns(map ?? '', count),
    realSize: paxInteger(pax, 'GNU.sparse.size') ?? paxInteger(pax, 'GNU.sparse.realsize'),
    name: paxText(pax, 'GNU.sparse.name'),
  };
}

/** Throws unless runs are in order, apart, inside the file and add up to what is stored. */
function checkRuns(runs: readonly SparseRun[], realSize: number, stored: number): void {
  let end = 0;
  let total = 0;
  for (const run of runs) {
    if (run.offset < end || run.offset < 0 || run.length < 0)
      throw new TarError('sparse map is out of order');
    end = run.offset + run.length;
    total += run.length;
  }
  if (end > realSize || total !== stored || runs.length > MAX_RUNS)
    throw new TarError('sparse map does not fit its file');
}

/** Gives the stored bytes of a sparse file back at their places, holes filled with zeros. */
class SparseExpander {
  readonly #runs: readonly SparseRun[];
  readonly #realSize: number;
  readonly #emit: (chunk: Uint8Array) => void;
  #run = 0;
  #at = 0;

  constructor(runs: readonly SparseRun[], realSize: number, emit: (chunk: Uint8Array) => void) {
    this.#runs = runs.filter((run) => run.length > 0);
    this.#realSize = realSize;
    this.#emit = emit;
  }

  push(chunk: Uint8Array): void {
    let from = 0;
    while (from < chunk.length) {
      const run = this.#runs[this.#run];
      if (run === undefined) throw new TarError('sparse file contains more than its map');
      if (this.#at < run.offset) this.#zeros(run.offset);
      const length = Math.min(chunk.length - from, run.offset + run.length - this.#at);
      this.#emit(chunk.subarray(from, from + length));
      from += length;
      this.#at += length;
      if (this.#at === run.offset + run.length) this.#run++;
    }
  }

  end(): void {
    this.#zeros(this.#realSize);
  }

  #zeros(until: number): void {
    while (this.#at < until) {
      const length = Math.min(ZEROS.length, until - this.#at);
      this.#emit(ZEROS.subarray(0, length));
      this.#at += length;
    }
  }
}

/** Called in order: entry, its content in pieces (views, valid during the call only), its end. */
export interface TarHandler {
  /** `contentStart`: the offset of its contiguous content; undefined for a sparse file. */
  onEntry(entry: TarEntry, contentStart?: number): void;
  onContent(chunk: Uint8Array): void;
  onEntryEnd(): void;
}

interface PendingSparse {
  readonly raw: RawHeader;
  readonly realSize: number;
  readonly runs: readonly SparseRun[];
  readonly name?: string | undefined;
}

/**
 * Reads a tar archive as it arrives, in one pass and without waiting, as Go's archive/tar does, by
 * which engines unpack layers: ustar, pax, GNU long names and base-256 numbers, sparse files with
 * their holes filled in. Bytes behind the end mark are ignored. A global pax header is handed out
 * as an entry of type `other`, by its `path` where it has one, and changes nothing but that
 * extended headers before it are void. Throws TarError where the bytes are no such archive.
 */
export class TarReader {
  readonly #handler: TarHandler;
  #step: (bytes: Uint8Array) => void;
  /** Bytes the next step needs in one piece; 0 while content is passed on as it comes. */
  #need = BLOCK;
  #held: Uint8Array = new Uint8Array(BLOCK);
  #heldLength = 0;
  #content = 0;
  #padding = 0;
  #emit: (chunk: Uint8Array) => void;
  #expander: SparseExpander | undefined;
  #sparseTotal = 0;
  #extensions = NO_EXTENSIONS;
  #zeroBlocks = 0;
  #offset = 0;
  /** Where in the archive the step's bytes end. */
  #stepEnd = 0;

  constructor(handler: TarHandler) {
    this.#handler = handler;
    this.#emit = (chunk) => {
      handler.onContent(chunk);
    };
    this.#step = this.#header;
  }

  /** Takes the next bytes of the archive, of any length. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && this.#zeroBlocks < 2) {
      const left = chunk.length - at;
      if (this.#content > 0) {
        const length = Math.min(left, this.#content);
        this.#content -= length;
        this.#pass(length === chunk.length ? chunk : chunk.subarray(at, at + length));
        at += length;
        if (this.#content === 0) this.#contentDone();
      } else if (this.#padding > 0) {
        const length = Math.min(left, this.#padding);
        this.#padding -= length;
        at += length;
      } else at += this.#gather(chunk, at);
    }
    this.#offset += chunk.length;
  }

  /** Ends the archive. Throws if an entry is cut off, except for the zeros after its content. */
  end(): void {
    if (this.#zeroBlocks >= 2) return;
    if (this.#content > 0 || this.#heldLength > 0 || this.#step !== this.#header)
      throw new TarError(`archive is cut off after ${this.#offset} bytes`);
  }

  /** Calls the step once it has all its bytes; does not copy them if they are in one chunk. */
  #gather(chunk: Uint8Array, at: number): number {
    const missing = this.#need - this.#heldLength;
    const length = Math.min(missing, chunk.length - at);
    this.#stepEnd = this.#offset + at + length;
    if (this.#heldLength === 0 && length === this.#need) {
      this.#step(chunk.subarray(at, at + length));
      return length;
    }
    if (this.#held.length < this.#need) {
      const larger = new Uint8Array(this.#need);
      larger.set(this.#held.subarray(0, this.#heldLength));
      this.#held = larger;
    }
    this.#held.set(chunk.subarray(at, at + length), this.#heldLength);
    this.#heldLength += length;
    if (length === missing) {
      this.#heldLength = 0;
      this.#step(this.#held.subarray(0, this.#need));
    }
    return length;
  }

  #expect(need: number, step: (bytes: Uint8Array) => void): void {
    this.#need = need;
    this.#step = step;
  }

  #header(block: Uint8Array): void {
    if (isZeroBlock(block)) {
      this.#zeroBlocks++;
      return;
    }
    if (this.#zeroBlocks > 0) throw new TarError('a header follows the mark of the archive’s end');
    const raw = parseHeader(block);
    const meta = META[raw.typeflag];
    if (meta === undefined) {
      this.#start(raw);
      return;
    }
    const size = contentSize(raw.size);
    if (size > MAX_META_BYTES) throw new TarError('an extended header is too large');
    const take = (bytes: Uint8Array): void => {
      this.#expect(BLOCK, this.#header);
      this.#padding = blocks(size) - size;
      this.#extend(raw, meta, bytes);
    };
    if (size === 0) take(new Uint8Array(0));
    else this.#expect(size, take);
  }

  #extend(raw: RawHeader, meta: Meta, bytes: Uint8Array): void {
    if (meta === 'longName' || meta === 'longLink')
      this.#extensions = { ...this.#extensions, [meta]: untilNul(bytes) };
    else {
      const pax = parsePax(new Uint8Array(bytes));
      this.#extensions = { ...this.#extensions, pax };
      if (meta === 'global') this.#openGlobal(raw, pax);
    }
  }

  /** `path` is its own name, as in Go. An error beside a broken record, since Go's is arbitrary. */
  #openGlobal(raw: RawHeader, pax: PaxRecords): void {
    this.#extensions = NO_EXTENSIONS;
    const isNamed = paxText(pax, 'path') !== undefined;
    if (isNamed) paxInteger(pax, 'size');
    const extensions = isNamed ? { ...NO_EXTENSIONS, pax } : NO_EXTENSIONS;
    this.#handler.onEntry(toEntry(raw, extensions, 0), this.#stepEnd);
    this.#handler.onEntryEnd();
  }

  #start(raw: RawHeader): void {
    const extensions = this.#extensions;
    const stored = storedSize(raw, extensions);
    const flag = entryFlag(raw, extensions);
    if (flag === 'S') {
      this.#oldSparse(raw, stored);
      return;
    }
    const sparse = extensions.pax.size > 0 ? paxSparse(extensions.pax) : undefined;
    if (sparse === undefined) {
      this.#open(raw, stored, stored);
      return;
    }
    if (isHeaderOnly(flag)) throw new TarError('what has no content is not a sparse file');
    const { runs, name } = sparse;
    const realSize = contentSize(sparse.realSize ?? stored);
    if (runs === 'inContent') this.#readMap({ raw, realSize, runs: [], name }, stored);
    else this.#openSparse({ raw, realSize, runs, name }, stored);
  }

  #oldSparse(raw: RawHeader, stored: number): void {
    if (raw.format !== 'gnu')
      throw new TarError('an old sparse file has a header that is not GNU’s');
    const realSize = numberField(raw.block, 483, 12, 'real size');
    const runs = [...gnuRuns(raw.block, 386, 4)];
    const pending = { raw: copied(raw), realSize, runs };
    if (raw.block[482] === 0) this.#openSparse(pending, stored);
    else
      this.#expect(BLOCK, (block) => {
        runs.push(...gnuRuns(block, 0, 21));
        if (runs.length > MAX_RUNS) throw new TarError('sparse map is too long');
        if (block[504] === 0) this.#openSparse(pending, stored);
      });
  }

  #readMap(pending: PendingSparse, stored: number): void {
    const raw = copied(pending.raw);
    const map = new SparseMapReader();
    if (stored < BLOCK) throw new TarError('sparse map is cut off');
    this.#expect(BLOCK, (block) => {
      const runs = map.push(block);
      if (runs !== undefined) this.#openSparse({ ...pending, raw, runs }, stored - map.length);
      else if (map.length + BLOCK > stored) throw new TarError('sparse map is cut off');
    });
  }

  #openSparse(pending: PendingSparse, stored: number): void {
    checkRuns(pending.runs, pending.realSize, stored);
    this.#sparseTotal += pending.realSize;
    if (this.#sparseTotal > MAX_SPARSE_BYTES) throw new TarError('sparse files are too large');
    this.#expander = new SparseExpander(pending.runs, pending.realSize, this.#emit);
    this.#open(pending.raw, pending.realSize, stored, pending.name);
  }

  #open(raw: RawHeader, size: number, stored: number, name?: string): void {
    const extensions: Extensions = this.#extensions;
    this.#extensions = NO_EXTENSIONS;
    this.#expect(BLOCK, this.#header);
    const start = this.#expander === undefined ? this.#stepEnd : undefined;
    this.#handler.onEntry(toEntry(raw, extensions, size, name), start);
    this.#content = stored;
    this.#padding = blocks(stored) - stored;
    if (stored === 0) this.#contentDone();
  }

  #pass(chunk: Uint8Array): void {
    if (this.#expander === undefined) this.#emit(chunk);
    else this.#expander.push(chunk);
  }

  #contentDone(): void {
    this.#expander?.end();
    this.#expander = undefined;
    this.#handler.onEntryEnd();
  }
}

function blocks(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

/** The header with a block of its own: the reader's buffer is used again for what follows. */
function copied(raw: RawHeader): RawHeader {
  return { ...raw, block: Buffer.from(raw.block) };
}
