import zlib from 'node:zlib';
import { DrivenZlib } from '../../formats/driven-zlib.ts';
import type { Decompressor, OnPlain } from './walk-decompressor.ts';

/** Fits the processor's caches; with 16 KiB, zlib's default, a layer takes twice the time. */
const OUTPUT_BYTES = 256 * 1024;
/** What both ways to unpack gzip say of bytes behind its end. */
export const BEHIND = 'incorrect header check: zeros behind the end of gzip';

/**
 * Unpacks gzip in this thread. What `onChunk` gets is valid during the call only. Several members
 * are one. Zeros behind the last, which zlib and gzip ignore, are an error as in Go (compress/gzip
 * takes them for a header), so that containerd refuses the layer.
 */
export class GzipInThread implements Decompressor {
  readonly #driven: DrivenZlib;
  readonly #onChunk: OnPlain;
  readonly #output = new Uint8Array(OUTPUT_BYTES);

  /** Undefined where this Node's zlib cannot be driven so. */
  static start(onChunk: OnPlain): GzipInThread | undefined {
    const driven = DrivenZlib.of(zlib.createGunzip());
    return driven === undefined ? undefined : new GzipInThread(driven, onChunk);
  }

  constructor(driven: DrivenZlib, onChunk: OnPlain) {
    this.#driven = driven;
    this.#onChunk = onChunk;
  }

  write(chunk: Uint8Array): undefined {
    if (this.#driven.write(chunk, this.#output, this.#onChunk) > 0) throw new Error(BEHIND);
  }

  end(): undefined {
    this.#driven.finish(this.#output, this.#onChunk);
  }

  destroy(): void {
    this.#driven.destroy();
  }
}
