import type { TarEntry } from '../model/tar.ts';
import {
  contentSize,
  entryFlag,
  type Extensions,
  isHeaderOnly,
  NO_EXTENSIONS,
  parseHeader,
  type RawHeader,
  storedSize,
  toEntry,
} from './entry.ts';
import { BLOCK, isZeroBlock, numberField } from './header-fields.ts';
import { MAX_META_BYTES, META, type Meta, untilNul } from './meta.ts';
import { parsePax, paxInteger, type PaxRecords, paxText } from './pax.ts';
import { gnuRuns, MAX_RUNS, SparseMapReader, type SparseRun } from './sparse-map.ts';
import { checkRuns, MAX_SPARSE_BYTES, paxSparse, SparseExpander } from './sparse.ts';
import { TarError } from './tar-error.ts';

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
