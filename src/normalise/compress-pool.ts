import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { deflatePiece } from './deflate/deflate-piece.ts';
import { workerFile } from './worker-file.ts';

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

/** Compresses in this thread. */
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
