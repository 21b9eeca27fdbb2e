import type { Zstd } from '@hpcc-js/wasm-zstd';
import { PieceSink, type Write } from './compressor.ts';

/** BuildKit's own for zstd. */
const LEVEL = 3;
/** What the library is given at once decides where its blocks end. */
const CHUNK_BYTES = 2 ** 20;

/** The library has one stream; a second one in it would mix with the first. */
let isOpen = false;

/**
 * Zstandard (RFC 8878) whose bytes depend on the input alone: zstd 1.5.7 as WebAssembly, whose
 * arithmetic is the same on every processor, in a version that package.json pins. One frame, of a
 * window of 2 MiB.
 */
export class ZstdCompressor extends PieceSink {
  readonly #zstd: Zstd;
  #isClosed = false;

  private constructor(zstd: Zstd, write: Write) {
    super(write, CHUNK_BYTES);
    this.#zstd = zstd;
  }

  /** Loads the library; one may be open at a time. */
  static async open(write: Write): Promise<ZstdCompressor> {
    if (isOpen) throw new Error('one layer at a time is compressed by zstd');
    isOpen = true;
    try {
      const library = await import('@hpcc-js/wasm-zstd');
      const zstd = await library.Zstd.load();
      zstd.reset();
      zstd.setCompressionLevel(LEVEL);
      return new ZstdCompressor(zstd, write);
    } catch (error) {
      isOpen = false;
      throw error;
    }
  }

  close(): Promise<void> {
    if (!this.#isClosed) isOpen = false;
    this.#isClosed = true;
    return Promise.resolve();
  }

  protected override compress(piece: Uint8Array): Promise<void> {
    return this.out(this.#zstd.compressChunk(piece));
  }

  protected override end(): Promise<void> {
    return this.out(this.#zstd.compressEnd());
  }
}
