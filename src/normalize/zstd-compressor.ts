import { createHash } from 'node:crypto';
import type { Zstd } from '@hpcc-js/wasm-zstd';
import { type Compressed, type LayerSink, sha256, type Write } from './compressor.ts';

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
export class ZstdCompressor implements LayerSink {
  readonly #zstd: Zstd;
  readonly #write: Write;
  readonly #blob = createHash('sha256');
  readonly #plain = createHash('sha256');
  #chunk = new Uint8Array(CHUNK_BYTES);
  #filled = 0;
  #size = 0;
  #isClosed = false;

  private constructor(zstd: Zstd, write: Write) {
    this.#zstd = zstd;
    this.#write = write;
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

  async push(chunk: Uint8Array): Promise<void> {
    this.#plain.update(chunk);
    for (let at = 0; at < chunk.length;) {
      const take = Math.min(chunk.length - at, CHUNK_BYTES - this.#filled);
      this.#chunk.set(chunk.subarray(at, at + take), this.#filled);
      this.#filled += take;
      at += take;
      if (this.#filled === CHUNK_BYTES) await this.#compress();
    }
  }

  async finish(): Promise<Compressed> {
    if (this.#filled > 0) await this.#compress();
    await this.#out(this.#zstd.compressEnd());
    return {
      digest: sha256(this.#blob.digest('hex')),
      size: this.#size,
      diffId: sha256(this.#plain.digest('hex')),
    };
  }

  close(): Promise<void> {
    if (!this.#isClosed) isOpen = false;
    this.#isClosed = true;
    return Promise.resolve();
  }

  async #compress(): Promise<void> {
    const bytes = this.#zstd.compressChunk(this.#chunk.subarray(0, this.#filled));
    this.#filled = 0;
    await this.#out(bytes);
  }

  async #out(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.#blob.update(bytes);
    this.#size += bytes.length;
    await this.#write(bytes);
  }
}
