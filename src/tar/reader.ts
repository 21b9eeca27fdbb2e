import type { TarEntry } from '../model/tar.ts';
import {
  entryFlag,
  type Extensions,
  parseHeader,
  type RawHeader,
  storedSize,
  toEntry,
} from './entry.ts';
import { BLOCK, isZeroBlock, numberField } from './header-fields.ts';
import { parsePax, type PaxRecords } from './pax.ts';
import { gnuRuns, MAX_RUNS, SparseMapReader, type SparseRun } from './sparse-map.ts';
import { checkRuns, MAX_SPARSE_BYTES, paxSparse, SparseExpander } from './sparse.ts';
import { TarError } from './tar-error.ts';
import { decodeText } from './text.ts';

/** Extended headers and long names are held in memory; Go's reader, which the engines use, has the same bound. */
export const MAX_META_BYTES = 1024 * 1024;

/** Called in order: entry, its content in pieces (views, valid during the call only), its end. */
export interface TarHandler {
  /** `contentStart`: where in the archive its content lies in one piece; undefined for a sparse file. */
  onEntry(entry: TarEntry, contentStart?: number): void;
  onContent(chunk: Uint8Array): void;
  onEntryEnd(): void;
}

const NO_RECORDS: PaxRecords = new Map();

interface PendingSparse {
  readonly raw: RawHeader;
  readonly realSize: number;
  readonly runs: readonly SparseRun[];
}

/**
 * Reads a tar archive as it arrives, in one pass and without waiting: ustar, pax, GNU long names and base-256 numbers,
 * sparse files with their holes filled in. Bytes behind the end mark are ignored. A global pax header is handed out
 * as an entry of type `other` and changes nothing, as in the engines that unpack layers.
 * Throws TarError where the bytes are no such archive.
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
  #pax = NO_RECORDS;
  #longName: string | undefined;
  #longLink: string | undefined;
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

  /** Tells that no bytes follow. Throws where an entry is cut off. */
  end(): void {
    if (this.#zeroBlocks >= 2) return;
    if (this.#content > 0 || this.#padding > 0 || this.#heldLength > 0 || this.#need !== BLOCK)
      throw new TarError(`archive is cut off after ${this.#offset} bytes`);
    if (this.#pax !== NO_RECORDS || this.#longName !== undefined || this.#longLink !== undefined)
      throw new TarError('archive ends behind an extended header');
  }

  /** Calls the step with its bytes once they are there, without copying where they lie in one chunk. */
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
    if (raw.size > MAX_META_BYTES) throw new TarError('an extended header is too large');
    const take = (bytes: Uint8Array): void => {
      if (meta === 'pax') this.#pax = parsePax(new Uint8Array(bytes.subarray(0, raw.size)));
      else if (meta === 'name') this.#longName = untilNul(bytes.subarray(0, raw.size));
      else this.#longLink = untilNul(bytes.subarray(0, raw.size));
      this.#expect(BLOCK, this.#header);
    };
    if (raw.size === 0) take(new Uint8Array(0));
    else this.#expect(blocks(raw.size), take);
  }

  #start(raw: RawHeader): void {
    const extensions = this.#extensions();
    const stored = storedSize(raw, extensions);
    const flag = entryFlag(raw, extensions);
    const sparse = this.#pax.size > 0 && /[07]/.test(flag) ? paxSparse(this.#pax) : undefined;
    if (flag === 'S') this.#oldSparse(raw, stored);
    else if (sparse === undefined) this.#open(raw, stored, stored);
    else if (sparse.runs === 'inContent') this.#readMap(raw, sparse.realSize, stored);
    else this.#openSparse({ raw, realSize: sparse.realSize, runs: sparse.runs }, stored);
  }

  #oldSparse(raw: RawHeader, stored: number): void {
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

  #readMap(raw: RawHeader, realSize: number, stored: number): void {
    const held = copied(raw);
    const map = new SparseMapReader();
    this.#expect(BLOCK, (block) => {
      const runs = map.push(block);
      if (map.length > blocks(stored)) throw new TarError('sparse map is cut off');
      if (runs !== undefined)
        this.#openSparse({ raw: held, realSize, runs }, Math.max(0, stored - map.length));
    });
  }

  #openSparse(pending: PendingSparse, stored: number): void {
    checkRuns(pending.runs, pending.realSize, stored);
    this.#sparseTotal += pending.realSize;
    if (this.#sparseTotal > MAX_SPARSE_BYTES) throw new TarError('sparse files are too large');
    this.#expander = new SparseExpander(pending.runs, pending.realSize, this.#emit);
    this.#open(pending.raw, pending.realSize, stored);
  }

  #open(raw: RawHeader, size: number, stored: number): void {
    const extensions = this.#extensions();
    this.#pax = NO_RECORDS;
    this.#longName = undefined;
    this.#longLink = undefined;
    this.#expect(BLOCK, this.#header);
    const start = this.#expander === undefined ? this.#stepEnd : undefined;
    this.#handler.onEntry(toEntry(raw, extensions, size), start);
    this.#content = stored;
    this.#padding = blocks(stored) - stored;
    if (stored === 0) this.#contentDone();
  }

  #extensions(): Extensions {
    return { pax: this.#pax, longName: this.#longName, longLink: this.#longLink };
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

const META: Readonly<Record<string, 'pax' | 'name' | 'link' | undefined>> = {
  x: 'pax',
  X: 'pax',
  L: 'name',
  K: 'link',
};

function blocks(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

/** The header with a block of its own: the reader's buffer is used again for what follows. */
function copied(raw: RawHeader): RawHeader {
  return { ...raw, block: Buffer.from(raw.block) };
}

function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decodeText(end < 0 ? bytes : bytes.subarray(0, end));
}
