import { Worker } from 'node:worker_threads';
import type { LayerFacts } from '../../facts/layer-facts.ts';
import { UserError } from '../../model/errors.ts';
import { ownBlocks } from '../../oci/walk/walk-blocks.ts';
import {
  type FromLayerThread,
  type LayerJob,
  type LayerThreadData,
  receivedError,
  type ToLayerThread,
} from './layer-messages.ts';
import { isTurnOf, leaveTurn, windowTurn } from './window-turn.ts';

const BLOCK_BYTES = 512 * 1024;
/** Blocks sent and not yet read: enough that neither side waits, and little memory. */
const UNDER_WAY = 4;
/** Limit of one thread's facts, far above real layers: stops a layer made to fill the memory. */
const MAX_HEAP_MB = 1536;

interface Working {
  readonly resolve: (facts: LayerFacts | undefined) => void;
  readonly reject: (reason: unknown) => void;
}

let lastId = 0;

/** A thread that reads layers or halves, one at a time. After a failure, it must be closed. */
export class LayerThread {
  readonly #file: URL;
  readonly #data: LayerThreadData;
  #worker: Worker | undefined;
  #working: Working | undefined;
  #failure: Error | undefined;
  #underWay = 0;
  #wake: (() => void) | undefined;

  /** `file`: the bundle of layer-worker.ts. */
  constructor(file: URL) {
    this.#file = file;
    lastId += 1;
    this.#data = { id: lastId, turn: windowTurn() };
    this.#worker = this.#started();
  }

  /**
   * Does a job and gives the layer's facts, undefined where it only unpacks. What `open` gives is
   * sent, no faster than it is read. Throws what the thread threw (Follows, where another thread
   * did first), or what `open` did.
   */
  async run(
    job: LayerJob,
    open?: () => Promise<AsyncIterable<Uint8Array>>,
  ): Promise<LayerFacts | undefined> {
    if (this.#failure !== undefined) throw this.#failure;
    const facts = new Promise<LayerFacts | undefined>((resolve, reject) => {
      this.#working = { resolve, reject };
    });
    this.#worker ??= this.#started();
    this.#tell(job);
    // Each may fail without the other: a thread that died, a registry that hung up.
    if (open !== undefined) await Promise.race([facts, this.#send(open)]);
    const found = await facts;
    // WebAssembly gives no memory back: the thread ends that has filled a large window, and another
    // starts where there is more to do.
    if (isTurnOf(this.#data.turn, this.#data.id)) await this.#retire();
    return found;
  }

  /** Ends the thread, whatever it does. */
  async close(): Promise<void> {
    await this.#retire();
    this.#fail(ended());
  }

  async #retire(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
    leaveTurn(this.#data.turn, this.#data.id);
  }

  #started(): Worker {
    const worker = new Worker(this.#file, {
      env: {},
      execArgv: [],
      workerData: this.#data,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    worker.on('message', (message: FromLayerThread) => {
      this.#receive(message);
    });
    worker.on('error', (error: Error) => {
      this.#fail(ended(error));
    });
    worker.on('exit', () => {
      if (this.#worker === worker) this.#fail(ended());
    });
    return worker;
  }

  async #send(open: () => Promise<AsyncIterable<Uint8Array>>): Promise<void> {
    for await (const bytes of ownBlocks(await open(), BLOCK_BYTES)) {
      while (this.#underWay >= UNDER_WAY && this.#working !== undefined)
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      // What it thinks of the layer is known already.
      if (this.#working === undefined) return;
      this.#underWay += 1;
      this.#tell({ kind: 'block', bytes }, [bytes.buffer]);
    }
    this.#tell({ kind: 'end' });
  }

  #tell(message: ToLayerThread, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }

  #receive(message: FromLayerThread): void {
    switch (message.kind) {
      case 'taken':
        this.#underWay -= 1;
        this.#wake?.();
        return;
      case 'done':
        this.#underWay = 0;
        this.#end()?.resolve(message.facts);
        return;
      case 'failed':
        this.#fail(receivedError(message.error));
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#end()?.reject(error);
  }

  #end(): Working | undefined {
    const working = this.#working;
    this.#working = undefined;
    this.#wake?.();
    return working;
  }
}

function ended(cause?: Error): UserError {
  const why = cause === undefined ? '' : `: ${cause.message}`;
  return new UserError(`the thread that read a layer ended early${why}`, { cause });
}
