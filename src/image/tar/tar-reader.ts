import type { TarEntry } from '../../model/image.ts';
import {
  BLOCK,
  contentSize,
  entryFlag,
  isZeroBlock,
  MAX_META_BYTES,
  META,
  type Meta,
  NO_EXTENSIONS,
  parseHeader,
  parsePax,
  paxInteger,
  type PaxRecords,
  paxText,
  type RawHeader,
  storedSize,
  TarError,
  toEntry,
  untilNul,
} from './tar-header.ts';

/** Called in order: entry, its content in pieces (views, valid during the call only), its end. */
export interface TarHandler {
  /** `contentStart`: the offset of its content in the archive. */
  onEntry(entry: TarEntry, contentStart: number): void;
  onContent(chunk: Uint8Array): void;
  onEntryEnd(): void;
}

/**
 * Reads a tar archive as it arrives, synchronously, as Go's archive/tar does, by which engines
 * unpack layers: ustar, pax, GNU long names and base-256 numbers. Bytes after the end mark are
 * ignored. A global pax header becomes an entry of type `other`, with its `path` if it has one. It
 * only cancels extended headers before it. Throws TarError for other bytes, and for sparse files:
 * builders never write them, and a few bytes may claim any size.
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
  #extensions = NO_EXTENSIONS;
  #zeroBlocks = 0;
  #offset = 0;
  /** Where in the archive the step's bytes end. */
  #stepEnd = 0;

  constructor(handler: TarHandler) {
    this.#handler = handler;
    this.#step = this.#header;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && this.#zeroBlocks < 2) {
      const left = chunk.length - at;
      if (this.#content > 0) {
        const length = Math.min(left, this.#content);
        this.#content -= length;
        this.#handler.onContent(length === chunk.length ? chunk : chunk.subarray(at, at + length));
        at += length;
        if (this.#content === 0) this.#handler.onEntryEnd();
      } else if (this.#padding > 0) {
        const length = Math.min(left, this.#padding);
        this.#padding -= length;
        at += length;
      } else at += this.#gather(chunk, at);
    }
    this.#offset += chunk.length;
  }

  /** True behind the mark of the archive's end: nothing that follows counts. */
  get isEnded(): boolean {
    return this.#zeroBlocks >= 2;
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
    this.#extensions = NO_EXTENSIONS;
    const stored = storedSize(raw, extensions);
    if (entryFlag(raw, extensions) === 'S' || saysSparse(extensions.pax))
      throw new TarError('it has a sparse file, which is not read');
    this.#expect(BLOCK, this.#header);
    this.#handler.onEntry(toEntry(raw, extensions, stored), this.#stepEnd);
    this.#content = stored;
    this.#padding = blocks(stored) - stored;
    if (stored === 0) this.#handler.onEntryEnd();
  }
}

/** GNU tar, "Storing Sparse Files": all forms but the oldest have records. */
function saysSparse(pax: PaxRecords): boolean {
  return pax.size > 0 && [...pax.keys()].some((key) => key.startsWith('GNU.sparse.'));
}

function blocks(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}
