import { createHash, type Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { messageOf, UserError } from '../../lib/errors.ts';
import type { FileRange } from '../../model/image.ts';
import type { Digest } from '../../model/reference.ts';
import type { BlobStore } from '../blob-store.ts';
import { compressionOf, type Decompressor, startDecompressor } from './decompress.ts';

const READ_BYTES = 1024 * 1024;

/** A file range's bytes in 1 MiB blocks that reuse one memory. Throws where the file ends early. */
export async function* fileBlocks({ path, start, length }: FileRange): AsyncIterable<Uint8Array> {
  const file = await open(path);
  try {
    const block = new Uint8Array(Math.min(READ_BYTES, length));
    for (let at = 0; at < length;) {
      const wanted = Math.min(block.length, length - at);
      const { bytesRead } = await file.read(block, 0, wanted, start + at);
      if (bytesRead === 0) throw new Error(`${path} ends after ${start + at} bytes`);
      yield block.subarray(0, bytesRead);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/** Joins chunks into blocks of `size` bytes (the last is shorter), each in transferable memory. */
export async function* ownBlocks(
  chunks: AsyncIterable<Uint8Array>,
  size: number,
): AsyncIterable<Uint8Array<ArrayBuffer>> {
  let block = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of chunks)
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + size - filled);
      block.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < size) continue;
      yield block;
      block = new Uint8Array(size);
      filled = 0;
    }
  if (filled > 0) yield block.slice(0, filled);
}

/** Limits on what a layer may unpack to: a bomb is small in the registry and endless here. */
export interface UnpackLimits {
  readonly maxBytes: number;
  /** Plain bytes for one compressed byte, judged once `ratioFrom` plain bytes have come. */
  readonly maxRatio: number;
  readonly ratioFrom: number;
}

export const UNPACK_LIMITS: UnpackLimits = {
  maxBytes: 256 * 2 ** 30,
  maxRatio: 250,
  ratioFrom: 2 * 2 ** 30,
};

export interface BlobSource {
  /**
   * The layer's blob from its first byte; chunks of 256 KiB to 1 MiB are read fastest, and their
   * memory may be used again once the next is asked for.
   */
  readonly open: () => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>;
  readonly mediaType: string;
  readonly expectedDigest: Digest;
  readonly limits?: Partial<UnpackLimits>;
  readonly signal?: AbortSignal;
  /** True where the diffID is to be computed here, not by the sink. */
  readonly hashesPlain?: boolean;
  /** Called before a zstd window over 8 MiB fills more memory than most layers need; may wait. */
  readonly onLargeWindow?: () => void;
}

/** Digests of unpacked bytes. `diffId` is undefined where the sink hashes the plain bytes. */
export interface UnpackedBlob {
  readonly digest: Digest;
  readonly diffId: Digest | undefined;
}

export interface PlainSink {
  /** Once, before the first bytes. `isHashed`: the end gives their digest. */
  start(isHashed: boolean): void;
  /** The next bytes, valid during the call only. */
  push(chunk: Uint8Array): void;
}

/**
 * Throws UserError where a layer's media type says that its bytes cannot be read. Any other may be
 * a file system: Docker's classic store unpacks what it finds, whatever it is called, and
 * containerd all that begins as a layer of OCI does.
 */
export function checkLayerType(mediaType: string, digest: Digest): void {
  if (/\+encrypted\b/.test(mediaType)) throw new UserError(`layer ${digest} is encrypted`);
}

/** What went wrong while a layer was read, as an error for the user. */
export function layerError(
  error: unknown,
  source: Pick<BlobSource, 'expectedDigest' | 'signal'>,
): unknown {
  if (error instanceof UserError || source.signal?.aborted === true) return error;
  return new UserError(`layer ${source.expectedDigest} cannot be read: ${messageOf(error)}`, {
    cause: error,
  });
}

/**
 * Unpacks a layer into `sink` and gives its digests; the blob's is the one that was expected.
 * Throws where it is another or no layer, where the compression is malformed or cut off, where it
 * unpacks to too much, and what `sink` throws.
 */
export async function unpackLayer(source: BlobSource, sink: PlainSink): Promise<UnpackedBlob> {
  const { expectedDigest, hashesPlain = false } = source;
  checkLayerType(source.mediaType, expectedDigest);
  const blobHash = createHash('sha256');
  const plain: { hash?: Hash } = {};
  const unpacker = new Unpacker('a layer', { ...UNPACK_LIMITS, ...source.limits }, (chunk) => {
    plain.hash?.update(chunk);
    sink.push(chunk);
  });
  unpacker.onLargeWindow = source.onLargeWindow;
  unpacker.onStart = (isPlain) => {
    if (hashesPlain && !isPlain) plain.hash = createHash('sha256');
    sink.start(isPlain || hashesPlain);
  };
  try {
    for await (const chunk of await source.open()) {
      source.signal?.throwIfAborted();
      blobHash.update(chunk);
      await unpacker.push(chunk);
    }
    // The blob first: where it is another, what its content says does not matter.
    const digest = digestOfHash(blobHash);
    if (digest !== expectedDigest)
      throw new UserError(`layer ${expectedDigest} has other content: its digest is ${digest}`);
    await unpacker.finish();
    // One hash serves both where the blob is not compressed.
    if (unpacker.isPlain) return { digest, diffId: digest };
    return { digest, diffId: plain.hash === undefined ? undefined : digestOfHash(plain.hash) };
  } finally {
    unpacker.destroy();
  }
}

/** Unpacks what it is given by its first bytes, and stops at its limits. */
export class Unpacker {
  onStart: ((isPlain: boolean) => void) | undefined;
  onLargeWindow: (() => void) | undefined;
  isPlain = false;
  readonly #what: string;
  readonly #limits: UnpackLimits;
  readonly #onPlain: (chunk: Uint8Array) => void;
  #decompressor: Decompressor | undefined;
  #head: Uint8Array = new Uint8Array(0);
  #bytes = 0;
  plainBytes = 0;

  /** `onPlain` gets chunks for the time of the call. `what` begins the messages of errors. */
  constructor(what: string, limits: UnpackLimits, onPlain: (chunk: Uint8Array) => void) {
    this.#what = what;
    this.#limits = limits;
    this.#onPlain = onPlain;
  }

  /** Undefined where the chunk has been taken in at once. */
  push(chunk: Uint8Array): Promise<void> | undefined {
    this.#bytes += chunk.length;
    if (this.#decompressor !== undefined) return this.#decompressor.write(chunk);
    this.#head = Buffer.concat([this.#head, chunk]);
    return this.#head.length < 4 ? undefined : this.#start();
  }

  async finish(): Promise<void> {
    if (this.#decompressor === undefined) await this.#start();
    this.#decompressor?.end();
  }

  destroy(): void {
    this.#decompressor?.destroy();
  }

  #start(): Promise<void> | undefined {
    const compression = compressionOf(this.#head);
    this.isPlain = compression === 'none';
    this.onStart?.(this.isPlain);
    const onPlain = (chunk: Uint8Array): void => {
      this.#plain(chunk);
    };
    this.#decompressor = startDecompressor(compression, onPlain, this.onLargeWindow);
    return this.#decompressor.write(this.#head);
  }

  #plain(chunk: Uint8Array): void {
    this.plainBytes += chunk.length;
    const { maxBytes, maxRatio, ratioFrom } = this.#limits;
    if (this.plainBytes > maxBytes)
      throw new UserError(`${this.#what} unpacks to more than ${maxBytes} bytes`);
    if (this.plainBytes > ratioFrom && this.plainBytes > this.#bytes * maxRatio)
      throw new UserError(`${this.#what} unpacks to more than ${maxRatio} times its size`);
    this.#onPlain(chunk);
  }
}

export function digestOfHash(hash: Hash): Digest {
  return `sha256:${hash.digest('hex')}` as Digest;
}

/** A stored layer's tar, decompressed, in chunks. Not verified: the reader knows the diffID. */
export async function* plainLayer(blobs: BlobStore, digest: Digest): AsyncIterable<Uint8Array> {
  const ready: Uint8Array[] = [];
  const unpacker = new Unpacker('a layer', UNPACK_LIMITS, (plain) => {
    // A decompressor uses its memory again.
    ready.push(unpacker.isPlain ? plain : new Uint8Array(plain));
  });
  try {
    for await (const chunk of blobs.openRead(digest)) {
      await unpacker.push(chunk);
      yield* ready.splice(0);
    }
    await unpacker.finish();
    yield* ready.splice(0);
  } finally {
    unpacker.destroy();
  }
}
