import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { UserError } from '../../model/errors.ts';
import type { FileRange } from '../../model/walk.ts';
import { ownBlocks } from '../../oci/walk/walk-blocks.ts';
import type { PlainSink, UnpackedBlob } from '../../oci/walk/walk-unpack.ts';
import {
  type FromUnpackThread,
  SLOT_BYTES,
  Slots,
  type ToUnpackThread,
  type UnpackJob,
  type UnpackThreadData,
} from './layer-messages.ts';

const BLOCK_BYTES = 512 * 1024;
/** Blocks sent and not yet read: enough that neither side waits, and little memory. */
const UNDER_WAY = 4;

/**
 * Several images may be read at once. Two windows of 128 MiB are more than one may take, and
 * WebAssembly gives no memory back: so the turn for a large one ends with the thread.
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
        // Others get their turn: what waits for the keyboard, a timer, an abort.
        await setImmediate();
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

  /** Ends the thread, whatever it does. */
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
