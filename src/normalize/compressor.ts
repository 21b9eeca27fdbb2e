import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import { type Digest, parseDigest } from '../model/reference.ts';
import { deflatePiece, PIECE_BYTES, WINDOW } from './deflate/deflate.ts';

export type Write = (chunk: Uint8Array) => Promise<void> | void;

/** How own layers are compressed; each has bytes that depend on the input alone. */
export type Compression = 'gzip' | 'zstd';

/** What came out: sha256 and length of the compressed file, sha256 of what it unpacks to. */
interface Compressed {
  readonly digest: Digest;
  readonly size: number;
  readonly diffId: Digest;
}

export function sha256(hex: string): Digest {
  const digest = parseDigest(`sha256:${hex}`);
  if (digest === undefined) throw new Error('no sha256');
  return digest;
}

/**
 * The bundle of a thread's code, next to this code or one folder up, where bundling made this a
 * chunk; undefined when run from source.
 */
export function workerFile(
  name: 'compress-worker' | 'layer-worker',
  here: string = import.meta.url,
): URL | undefined {
  return [`./${name}.js`, `../${name}.js`]
    .map((path) => new URL(path, here))
    .find((url) => url.protocol === 'file:' && existsSync(url));
}

/** A piece to compress: `data` from `start` on, what lies in front being its history. */
export interface PieceJob {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly start: number;
}

/** Compresses pieces, in whatever thread; the bytes are the same everywhere. */
export interface PieceCompressor {
  /** How many pieces are worth having under way at once. */
  readonly width: number;
  compress(job: PieceJob): Promise<Uint8Array>;
  close(): Promise<void>;
}

export const inThread: PieceCompressor = {
  width: 1,
  compress: (job) => Promise.resolve(deflatePiece(job.data, job.start)),
  close: () => Promise.resolve(),
};

/** More than this helps no layer that a disk can deliver, and each costs memory. */
const MOST_WORKERS = 8;

interface Waiting {
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (reason: Error) => void;
}

/** A pool over `file`, one worker per processor; this thread if no file or only one processor. */
export function openPool(
  file: URL | undefined = workerFile('compress-worker'),
  workers: number = Math.min(availableParallelism(), MOST_WORKERS),
): PieceCompressor {
  return file === undefined || workers < 2 ? inThread : new CompressPool(file, workers);
}

/** Hands each piece to the least busy worker. If a worker dies, all its pieces fail. */
class CompressPool implements PieceCompressor {
  readonly width: number;
  readonly #workers: { readonly thread: Worker; readonly waiting: Waiting[] }[];

  constructor(file: URL, workers: number) {
    this.width = workers * 2;
    this.#workers = Array.from({ length: workers }, () => {
      const waiting: Waiting[] = [];
      const thread = new Worker(file, { env: {}, execArgv: [] });
      // A worker answers in the order it was asked.
      thread.on('message', (bytes: Uint8Array) => waiting.shift()?.resolve(bytes));
      const fail = (reason: Error): void => {
        for (const one of waiting.splice(0)) one.reject(reason);
      };
      thread.on('error', fail);
      thread.on('exit', () => {
        fail(new Error('a compression worker ended early'));
      });
      return { thread, waiting };
    });
  }

  compress(job: PieceJob): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const [first, ...rest] = this.#workers;
      if (first === undefined) throw new Error('the pool is closed');
      const least = rest.reduce((a, b) => (b.waiting.length < a.waiting.length ? b : a), first);
      least.waiting.push({ resolve, reject });
      least.thread.postMessage(job, [job.data.buffer]);
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.splice(0).map(({ thread }) => thread.terminate()));
  }
}

/** RFC 1952: deflate, no flags, no name, time 0, no level given, system unknown. */
export const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
/** An empty final stored block. */
const FINAL = Uint8Array.of(1, 0, 0, 0xff, 0xff);

/** CRC-32 and length of what was compressed, as a gzip file ends. */
function trailer(crc: number, size: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, crc, true);
  view.setUint32(4, size % 2 ** 32, true);
  return new Uint8Array(view.buffer);
}

/** The bytes that LayerCompressor gives, for what is in memory as a whole. */
export function gzipFile(data: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [HEADER];
  for (let at = 0; at < data.length; at += PIECE_BYTES) {
    const from = Math.max(0, at - WINDOW);
    parts.push(deflatePiece(data.subarray(from, at + PIECE_BYTES), at - from));
  }
  return Buffer.concat([...parts, FINAL, trailer(crc32(data), data.length)]);
}

/**
 * Takes a layer's tar and writes it compressed, in pieces of one size; counts and hashes what goes
 * in and comes out. `close` has to be called in every case.
 */
export abstract class PieceSink {
  readonly #write: Write;
  readonly #blob = createHash('sha256');
  readonly #plain = createHash('sha256');
  readonly #piece: Uint8Array;
  #filled = 0;
  protected size = 0;

  constructor(write: Write, pieceBytes: number) {
    this.#write = write;
    this.#piece = new Uint8Array(pieceBytes);
  }

  /** Takes the next bytes; they may be used again once the promise is kept. */
  async push(chunk: Uint8Array): Promise<void> {
    this.#plain.update(chunk);
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + this.#piece.length - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#piece.length) await this.#full();
    }
  }

  async finish(): Promise<Compressed> {
    if (this.#filled > 0) await this.#full();
    await this.end();
    const digest = sha256(this.#blob.digest('hex'));
    return { digest, size: this.size, diffId: sha256(this.#plain.digest('hex')) };
  }

  protected async out(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.#blob.update(bytes);
    this.size += bytes.length;
    await this.#write(bytes);
  }

  async #full(): Promise<void> {
    await this.compress(this.#piece.subarray(0, this.#filled));
    this.#filled = 0;
  }

  /** Takes a piece, which is used again once the promise is kept. */
  protected abstract compress(piece: Uint8Array): Promise<void>;
  protected abstract end(): Promise<void>;
  abstract close(): Promise<void>;
}

/** Workers take 30 ms to start: only what is over this many pieces is worth it. */
const SMALL = 6;

/**
 * Gzip whose bytes depend on the input alone: not on how it is cut into chunks, the number of
 * threads, Node, its zlib or the processor. One member; each PIECE_BYTES of input are compressed
 * with the WINDOW before them as history, and end on a whole byte. `close` has to be called in
 * every case.
 */
export class LayerCompressor extends PieceSink {
  readonly #openPool: () => PieceCompressor;
  #pool: PieceCompressor = inThread;
  readonly #underWay: Promise<Uint8Array>[] = [];
  #history = new Uint8Array(0);
  #pieces = 0;
  #crc = 0;
  #plainSize = 0;

  constructor(write: Write, pool: () => PieceCompressor = openPool) {
    super(write, PIECE_BYTES);
    this.#openPool = pool;
  }

  async close(): Promise<void> {
    await this.#pool.close();
    await Promise.allSettled(this.#underWay.splice(0));
  }

  protected override async compress(piece: Uint8Array): Promise<void> {
    this.#crc = crc32(piece, this.#crc);
    this.#plainSize += piece.length;
    if (this.#pieces++ === SMALL) this.#pool = this.#openPool();
    const start = this.#history.length;
    const data = new Uint8Array(start + piece.length);
    data.set(this.#history);
    data.set(piece, start);
    this.#history = data.slice(-WINDOW);
    const job = this.#pool.compress({ data, start });
    // Its failure is met when its turn comes; until then it must not count as unhandled.
    job.catch(() => undefined);
    this.#underWay.push(job);
    while (this.#underWay.length >= this.#pool.width) await this.#take();
  }

  protected override async end(): Promise<void> {
    while (this.#underWay.length > 0) await this.#take();
    if (this.size === 0) await this.out(HEADER);
    await this.out(FINAL);
    await this.out(trailer(this.#crc, this.#plainSize));
  }

  async #take(): Promise<void> {
    const bytes = await this.#underWay.shift();
    if (bytes === undefined) return;
    if (this.size === 0) await this.out(HEADER);
    await this.out(bytes);
  }
}
