import { Readable } from 'node:stream';
import { jsonLine } from '../report/text.ts';
import { askJson } from './answers.ts';
import type { Logger } from './deps.ts';
import { unavailable } from './problems.ts';
import type { Ask } from './shapes.ts';

const EACH_MS = 1000;
const HEARTBEAT_MS = 15_000;
/** A client that does not read is let go. */
const MOST_WAITING = 64 * 1024;

interface Listener {
  readonly id: string;
  readonly stream: Readable;
  /** What was sent last. */
  sent: string;
  /** When anything was. */
  at: number;
}

/**
 * Server-sent events of asks. All listeners of this process share one query a second, however many
 * they are.
 */
export class AskEvents {
  readonly #asks: (ids: readonly string[]) => Promise<readonly Ask[]>;
  readonly #log: Logger;
  readonly #most: number;
  readonly #listeners = new Set<Listener>();
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(
    asks: (ids: readonly string[]) => Promise<readonly Ask[]>,
    { log, most = 500 }: { readonly log: Logger; readonly most?: number },
  ) {
    this.#asks = asks;
    this.#log = log;
    this.#most = most;
  }

  /** A stream that ends when the ask is done or failed. Throws ApiProblem for one too many. */
  open(ask: Ask): Readable {
    if (this.#listeners.size >= this.#most)
      throw unavailable(`${this.#most} streams are open, which is the most`);
    const stream = new Readable({ read: () => undefined });
    const listener: Listener = { id: ask.id, stream, sent: '', at: 0 };
    this.#listeners.add(listener);
    stream.once('close', () => {
      this.#forget(listener);
    });
    stream.push('retry: 3000\n\n');
    this.#timer ??= setInterval(() => void this.#look(), EACH_MS).unref();
    this.#tell(listener, ask);
    return stream;
  }

  /** Ends all streams; clients connect again elsewhere. */
  close(): void {
    for (const listener of this.#listeners) this.#end(listener);
  }

  #end(listener: Listener): void {
    this.#forget(listener);
    listener.stream.push(null);
  }

  #forget(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const ids = new Set([...this.#listeners].map(({ id }) => id));
      const asks = new Map((await this.#asks([...ids])).map((ask) => [ask.id, ask]));
      for (const one of this.#listeners) {
        const ask = asks.get(one.id);
        if (ask !== undefined) this.#tell(one, ask);
        // It came meanwhile, or was removed with what is too old.
        else if (ids.has(one.id)) this.#end(one);
      }
    } catch (error) {
      // The database is away: heartbeats say that this is still here.
      this.#log.warn('events cannot be read', { error });
    } finally {
      this.#isLooking = false;
    }
    for (const one of this.#listeners)
      if (Date.now() - one.at >= HEARTBEAT_MS) this.#send(one, ': still here\n\n');
  }

  #tell(listener: Listener, ask: Ask): void {
    const text = jsonLine(askJson(ask));
    if (text === listener.sent) return;
    listener.sent = text;
    this.#send(listener, `event: ${ask.state}\ndata: ${text}\n\n`);
    if (ask.state === 'done' || ask.state === 'failed') this.#end(listener);
  }

  #send(listener: Listener, text: string): void {
    listener.at = Date.now();
    listener.stream.push(text);
    if (listener.stream.readableLength > MOST_WAITING) listener.stream.destroy();
  }
}
