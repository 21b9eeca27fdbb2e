import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ownBlocks, type PlainSink, type UnpackedBlob } from '../image/walk/unpack-layer.ts';
import { UserError } from '../lib/errors.ts';
import type { FileRange } from '../model/image.ts';
import type { Digest } from '../model/reference.ts';

export interface UnpackThreadData {
  readonly slots: SharedArrayBuffer;
  /** Of all threads: the number of the one that may fill a large zstd window, 0 if it is nobody. */
  readonly turn: SharedArrayBuffer;
  readonly id: number;
}

/** A layer to unpack, as plain data. Bytes that are in no file follow in blocks. */
export interface UnpackJob {
  readonly kind: 'unpack';
  readonly mediaType: string;
  readonly digest: Digest;
  /** The thread computes the diffID too. */
  readonly hashesPlain: boolean;
  readonly file: FileRange | undefined;
}

export type ToUnpackThread =
  | UnpackJob
  | { readonly kind: 'block'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'end' };

/**
 * A number: as many plain bytes are in the next slot. `taken`: a block was read, send another.
 * Errors keep no class between threads; `isUser` is for those of class UserError.
 */
export type FromUnpackThread =
  | number
  | { readonly kind: 'start'; readonly isHashed: boolean }
  | { readonly kind: 'taken' }
  | { readonly kind: 'done'; readonly unpacked: UnpackedBlob }
  | { readonly kind: 'failed'; readonly message: string; readonly isUser: boolean };

export const SLOT_BYTES = 256 * 1024;
const SLOTS = 8;

/** Memory through which one thread passes plain bytes to another; both count the slots. */
export class Slots {
  readonly shared: SharedArrayBuffer;
  readonly #read: Int32Array;
  #turn = 0;

  constructor(shared = new SharedArrayBuffer(4 + SLOTS * SLOT_BYTES)) {
    this.shared = shared;
    this.#read = new Int32Array(shared, 0, 1);
  }

  /** Fills the next slot, waiting until it is free. Takes `SLOT_BYTES` at most. */
  write(bytes: Uint8Array): void {
    for (;;) {
      const read = Atomics.load(this.#read, 0);
      if (this.#turn - read < SLOTS) break;
      Atomics.wait(this.#read, 0, read);
    }
    // `set` moves shared memory one byte at a time.
    this.#next(bytes.length).fill(bytes);
  }

  /** Copies the next slot's bytes into `target`: memory that is not shared is read faster. */
  read(target: Buffer, length: number): void {
    target.fill(this.#next(length), 0, length);
    Atomics.store(this.#read, 0, this.#turn);
    Atomics.notify(this.#read, 0);
  }

  #next(length: number): Buffer {
    const at = 4 + (this.#turn % SLOTS) * SLOT_BYTES;
    this.#turn += 1;
    return Buffer.from(this.shared, at, length);
  }
}

const BLOCK_BYTES = 512 * 1024;
/** Blocks sent and not yet read: enough that neither side waits, and little memory. */
const UNDER_WAY = 4;

/**
 * Several images may be read at once, but only one may use a window of 128 MiB. WebAssembly never
 * frees memory, so the turn for a large window ends with the thread.
 */
const turn = new SharedArrayBuffer(4);
let lastId = 0;

/** A thread that unpacks layers, one at a time. After a failure it can only be closed. */
export class UnpackThread {
  readonly #id = (lastId += 1);
  readonly #worker: Worker;
  readonly #slots = new Slots();
  readonly #plain = Buffer.alloc(SLOT_BYTES);
  readonly #messages: FromUnpackThread[] = [];
  #failure: Error | undefined;
  #underWay = 0;
  /** Called when something came, or failed. */
  #wake: (() => void) | undefined;
  #wakeSender: (() => void) | undefined;

  /** `file`: the bundle of layer-worker.ts. */
  constructor(file: URL) {
    const workerData: UnpackThreadData = { slots: this.#slots.shared, turn, id: this.#id };
    this.#worker = new Worker(file, { env: {}, execArgv: [], workerData });
    this.#worker.on('message', (message: FromUnpackThread) => {
      this.#messages.push(message);
      this.#wake?.();
    });
    this.#worker.on('error', (error: Error) => {
      this.fail(ended(error));
    });
    this.#worker.on('exit', () => {
      this.fail(ended());
    });
  }

  /**
   * Unpacks a layer into `sink`. What `open` gives is sent, no faster than it is read. Throws what
   * the thread threw, or `open`, or `sink`: whichever comes first in the layer.
   */
  async unpack(
    job: Omit<UnpackJob, 'kind' | 'file'>,
    source: FileRange | (() => Promise<AsyncIterable<Uint8Array>>),
    sink: PlainSink,
  ): Promise<UnpackedBlob> {
    const open = typeof source === 'function' ? source : undefined;
    this.#tell({ kind: 'unpack', ...job, file: typeof source === 'function' ? undefined : source });
    if (open !== undefined)
      this.#send(open).catch((error: unknown) => {
        this.fail(error as Error);
      });
    for (;;) {
      const message = await this.#next();
      if (typeof message === 'number') {
        this.#slots.read(this.#plain, message);
        sink.push(this.#plain.subarray(0, message));
        // Others get their turn after what is there: the keyboard, a timer, an abort.
        if (this.#messages.length === 0) await setImmediate();
        continue;
      }
      switch (message.kind) {
        case 'start':
          sink.start(message.isHashed);
          break;
        case 'taken':
          this.#underWay -= 1;
          this.#wakeSender?.();
          break;
        case 'done':
          this.#underWay = 0;
          return message.unpacked;
        case 'failed':
          throw message.isUser ? new UserError(message.message) : new Error(message.message);
      }
    }
  }

  /** Makes an end of what is unpacked now. The first reason counts. */
  fail(reason: Error): void {
    this.#failure ??= reason;
    this.#wake?.();
    this.#wakeSender?.();
  }

  async close(): Promise<void> {
    this.fail(ended());
    await this.#worker.terminate();
    const holder = new Int32Array(turn);
    if (Atomics.compareExchange(holder, 0, this.#id, 0) === this.#id) Atomics.notify(holder, 0);
  }

  async #next(): Promise<FromUnpackThread> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #send(open: () => Promise<AsyncIterable<Uint8Array>>): Promise<void> {
    for await (const bytes of ownBlocks(await open(), BLOCK_BYTES)) {
      while (this.#underWay >= UNDER_WAY && this.#failure === undefined)
        await new Promise<void>((resolve) => {
          this.#wakeSender = resolve;
        });
      if (this.#failure !== undefined) return;
      this.#underWay += 1;
      this.#tell({ kind: 'block', bytes }, [bytes.buffer]);
    }
    this.#tell({ kind: 'end' });
  }

  #tell(message: ToUnpackThread, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}

function ended(cause?: Error): UserError {
  const why = cause === undefined ? '' : `: ${cause.message}`;
  return new UserError(`the thread that read a layer ended early${why}`, { cause });
}
