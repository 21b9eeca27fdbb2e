import { TransferError } from './registry-errors.ts';

export interface SenderOptions {
  /** Named in errors. */
  readonly registry: string;
  readonly signal?: AbortSignal;
  /** A transfer without a byte for that long is given up; default 60 s. */
  readonly stallMs?: number;
  readonly fetch?: typeof fetch;
}

/** Content of a request; called again for each try. */
export type RequestBody = () => Uint8Array | AsyncIterable<Uint8Array>;

const STALL_MS = 60_000;
/** Total wait, as a multiple of the above, for at least this many bytes: a trickle is too slow. */
const SLOW_FACTOR = 5;
const SLOW_BYTES = 64 * 1024;

/** Sends single requests and reads answers, and gives up what stands still. Follows no redirect. */
export class HttpSender {
  readonly #options: SenderOptions;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  get #stallMs(): number {
    return this.#options.stallMs ?? STALL_MS;
  }

  async send(url: URL, init: RequestInit, body?: RequestBody): Promise<Response> {
    const { signal, registry } = this.#options;
    const stall = new Stall(this.#stallMs);
    const content = body?.();
    const sent =
      content instanceof Uint8Array || content === undefined ? content : stall.watch(content);
    try {
      return await (this.#options.fetch ?? fetch)(url, {
        redirect: 'manual',
        ...init,
        signal: AbortSignal.any(signal === undefined ? [stall.signal] : [stall.signal, signal]),
        ...(sent === undefined ? {} : { body: sent, duplex: 'half' }),
      });
    } catch (error) {
      if (stall.signal.aborted)
        throw new TransferError(`${registry} did not answer in time`, { cause: error });
      throw error;
    } finally {
      stall.stop();
    }
  }

  /** The answer's content in pieces; throws TransferError where it stands still or is cut. */
  async *content(response: Response): AsyncIterable<Uint8Array> {
    const { signal, registry } = this.#options;
    if (response.body === null) return;
    const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    try {
      let waited = 0;
      let came = 0;
      for (;;) {
        const before = performance.now();
        const piece = await this.#watched(reader.read());
        if (piece.done) return;
        waited += performance.now() - before;
        came += piece.value.length;
        if (came >= SLOW_BYTES) waited = came = 0;
        else if (waited > SLOW_FACTOR * this.#stallMs)
          throw new TransferError(`${registry} sends too slowly`);
        yield piece.value;
      }
    } catch (error) {
      if (signal?.aborted === true || error instanceof TransferError) throw error;
      throw new TransferError(`the transfer from ${registry} was cut off`, { cause: error });
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  }

  async #watched<T>(step: Promise<T>): Promise<T> {
    const ms = this.#stallMs;
    let timer: NodeJS.Timeout | undefined;
    const stall = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new TransferError(`nothing came from ${this.#options.registry} for ${ms / 1000} s`));
      }, ms);
    });
    try {
      return await Promise.race([step, stall]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Gives a request up when its body stands still or the answer does not come. */
class Stall {
  readonly #controller = new AbortController();
  readonly #ms: number;
  #timer: NodeJS.Timeout;
  #isStopped = false;

  constructor(ms: number) {
    this.#ms = ms;
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async *watch(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const chunk of content) {
      clearTimeout(this.#timer);
      // A body may give one more chunk after its request has ended; a timer then would keep the
      // command from ending.
      if (!this.#isStopped) this.#timer = this.#start();
      yield chunk;
    }
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#controller.abort();
    }, this.#ms);
  }
}

/** Reads an answer that nobody needs to its end, so that the connection serves the next call. */
export async function drop(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}
