import zlib from 'node:zlib';
import { DrivenZlib } from '../formats/inflate.ts';

/**
 * Takes compressed bytes and hands the plain ones to the callback it was started with, which gets
 * them for the time of the call only: the memory is used again. What works in this thread returns
 * undefined and throws at once.
 */
export interface Decompressor {
  /** Resolves when the chunk is processed. Fails if bytes are malformed or the callback threw. */
  write(chunk: Uint8Array): Promise<void> | undefined;
  /** Throws where the data are cut off. */
  end(): void;
  destroy(): void;
}

export type OnPlain = (chunk: Uint8Array) => void;

/** Our part of zstd's streaming interface in WebAssembly: pointers are numbers, errors negative. */
interface ZstdExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly malloc: (bytes: number) => number;
  readonly free: (pointer: number) => void;
  readonly ZSTD_createDCtx: () => number;
  readonly ZSTD_freeDCtx: (context: number) => void;
  readonly ZSTD_decompressStream: (context: number, output: number, input: number) => number;
}

const BUFFER_BYTES = 256 * 1024;
/**
 * Memory of the module for a large window. Levels up to 19 use windows of 8 MiB at most, and 16 MiB
 * are there from the start.
 */
const LARGE_BYTES = 40 * 2 ** 20;
/** zstd's largest error code (zstd_errors.h); size hints are never that close to the maximum. */
const MAX_ERROR = 120;
/** By code, in zstd_errors.h: the library has only the codes. */
const ERRORS: Readonly<Record<number, string>> = {
  10: 'no zstd frame where one should begin',
  14: 'a zstd frame of a kind that is not supported',
  16: 'a zstd frame asks for a window of more than 128 MiB',
  20: 'zstd data are corrupted',
  22: 'the checksum of a zstd frame is wrong',
  30: 'a zstd dictionary is corrupted',
  32: 'a zstd frame needs a dictionary',
  64: 'zstd has no memory left',
};

let exports: Promise<ZstdExports> | undefined;

/**
 * Unpacks zstd (RFC 8878) in this thread: several frames, skippable ones too, with checksums, and
 * windows of at most 128 MiB as zstd allows. Node's own decoder needs 22.15. Up to 24 it stops
 * silently after the first frame, and in 22 it accepts truncated data.
 */
export class ZstdInThread implements Decompressor {
  readonly #onPlain: OnPlain;
  readonly #onLarge: (() => void) | undefined;
  #context: ZstdContext | undefined;
  #closed = false;

  /** `onLarge`: called once a frame's window is large, before that is filled. */
  constructor(onPlain: OnPlain, onLarge?: () => void) {
    this.#onPlain = onPlain;
    this.#onLarge = onLarge;
  }

  async write(chunk: Uint8Array): Promise<void> {
    exports ??= loadExports();
    const zstd = await exports;
    if (this.#closed) throw new Error('the decompressor was closed');
    this.#context ??= new ZstdContext(zstd, this.#onLarge);
    for (let at = 0; at < chunk.length; at += BUFFER_BYTES)
      this.#context.push(chunk.subarray(at, at + BUFFER_BYTES), this.#onPlain);
  }

  end(): void {
    if (this.#context?.isAtFrameEnd !== true) throw new Error('unexpected end of zstd data');
  }

  destroy(): void {
    this.#closed = true;
    this.#context?.free();
    this.#context = undefined;
  }
}

/** One decompression: buffers and the two structs that describe them, in the module's memory. */
class ZstdContext {
  readonly #zstd: ZstdExports;
  readonly #context: number;
  readonly #input: number;
  readonly #output: number;
  /** ZSTD_inBuffer, then ZSTD_outBuffer: pointer, size and position each. */
  readonly #structs: number;
  isAtFrameEnd = false;
  /** Undefined once it was called. */
  #onLarge: (() => void) | undefined;

  constructor(zstd: ZstdExports, onLarge: (() => void) | undefined) {
    this.#zstd = zstd;
    this.#onLarge = onLarge;
    this.#context = zstd.ZSTD_createDCtx();
    this.#input = zstd.malloc(BUFFER_BYTES);
    this.#output = zstd.malloc(BUFFER_BYTES);
    this.#structs = zstd.malloc(24);
    if ([this.#context, this.#input, this.#output, this.#structs].includes(0))
      throw new Error('zstd has no memory left');
  }

  push(input: Uint8Array, onPlain: OnPlain): void {
    const { memory } = this.#zstd;
    new Uint8Array(memory.buffer).set(input, this.#input);
    new Uint32Array(memory.buffer, this.#structs, 3).set([this.#input, input.length, 0]);
    for (;;) {
      new Uint32Array(memory.buffer, this.#structs + 12, 3).set([this.#output, BUFFER_BYTES, 0]);
      const left = this.#zstd.ZSTD_decompressStream(
        this.#context,
        this.#structs + 12,
        this.#structs,
      );
      if (left < 0 && left >= -MAX_ERROR) throw new Error(ERRORS[-left] ?? `zstd error ${-left}`);
      this.isAtFrameEnd = left === 0;
      // The window is there and hardly written to: memory that nobody touched is none of ours yet.
      if (this.#onLarge !== undefined && memory.buffer.byteLength > LARGE_BYTES) {
        this.#onLarge();
        this.#onLarge = undefined;
      }
      // The memory may have grown, and has another buffer then.
      const [, , taken = 0, , , given = 0] = new Uint32Array(memory.buffer, this.#structs, 6);
      if (given > 0) onPlain(new Uint8Array(memory.buffer, this.#output, given));
      if (taken === input.length && (left === 0 || given < BUFFER_BYTES)) return;
    }
  }

  free(): void {
    const { free, ZSTD_freeDCtx } = this.#zstd;
    ZSTD_freeDCtx(this.#context);
    for (const pointer of [this.#input, this.#output, this.#structs]) free(pointer);
  }
}

/**
 * The library loops for ever on bad data, so we take its WebAssembly module and drive it ourselves.
 */
async function loadExports(): Promise<ZstdExports> {
  const { ZSTDDecoder } = await import('zstddec/stream');
  const decoder = new ZSTDDecoder();
  const own = decoder._init.bind(decoder);
  let found: unknown;
  decoder._init = (result: { readonly instance: { readonly exports: unknown } }) => {
    own(result);
    found = result.instance.exports;
  };
  await decoder.init();
  if (!isZstd(found)) throw new Error('the zstd library is not the one that was tested');
  return found;
}

function isZstd(value: unknown): value is ZstdExports {
  if (typeof value !== 'object' || value === null) return false;
  const functions = ['malloc', 'free', 'ZSTD_createDCtx', 'ZSTD_freeDCtx', 'ZSTD_decompressStream'];
  const memory: unknown = Reflect.get(value, 'memory');
  return (
    typeof memory === 'object' &&
    memory !== null &&
    Reflect.get(memory, 'buffer') instanceof ArrayBuffer &&
    functions.every((name) => typeof Reflect.get(value, name) === 'function')
  );
}

type Compression = 'gzip' | 'zstd' | 'none';

/** Fits the processor's caches; with 16 KiB, zlib's default, a layer takes twice the time. */
const OUTPUT_BYTES = 256 * 1024;

/** How a layer is compressed, by its first four bytes, as engines decide it. */
export function compressionOf(head: Uint8Array): Compression {
  const [a = 0, b, c, d] = head;
  if (a === 0x1f && b === 0x8b) return 'gzip';
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return 'zstd';
  // A skippable frame may come first (RFC 8878, 3.1.2).
  return (a & 0xf0) === 0x50 && b === 0x2a && c === 0x4d && d === 0x18 ? 'zstd' : 'none';
}

/** Starts the decompressor. See `Decompressor` for chunk lifetime, `ZstdInThread` for `onLarge`. */
export function startDecompressor(
  compression: Compression,
  onPlain: OnPlain,
  onLarge?: () => void,
): Decompressor {
  switch (compression) {
    case 'none':
      return plain(onPlain);
    case 'gzip':
      return gzip(onPlain);
    case 'zstd':
      return new ZstdInThread(onPlain, onLarge);
  }
}

function plain(onPlain: OnPlain): Decompressor {
  return {
    write: (chunk) => {
      onPlain(chunk);
      return undefined;
    },
    end: () => undefined,
    destroy: () => undefined,
  };
}

/**
 * Unpacks gzip, several members as one. Zeros behind the last member, which zlib and gzip ignore,
 * are an error as in Go (compress/gzip takes them for a header), so that containerd refuses the
 * layer. Throws UserError where this Node's zlib cannot be driven.
 */
function gzip(onPlain: OnPlain): Decompressor {
  const driven = DrivenZlib.of(zlib.createGunzip());
  const output = new Uint8Array(OUTPUT_BYTES);
  return {
    write: (chunk) => {
      if (driven.write(chunk, output, onPlain) > 0)
        throw new Error('incorrect header check: zeros behind the end of gzip');
      return undefined;
    },
    end: () => {
      driven.finish(output, onPlain);
    },
    destroy: () => {
      driven.destroy();
    },
  };
}
