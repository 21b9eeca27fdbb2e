import { Readable } from 'node:stream';
import { jsonLine } from '../report/text.ts';
import { askJson } from './answers.ts';
import type { Logger } from './log.ts';
import { unavailable } from './problems.ts';
import type { Ask } from './shapes.ts';

const EACH_MS = 1000;
const HEARTBEAT_MS = 15_000;
/** A client that does not read is let go. */
const MOST_WAITING = 64 * 1024;

interface Listener {
  readonly id: string;
  readonly stream: Readable;
  /** What was sent last, and when anything was. */
  sent: string;
  at: number;
}

/**
 * Server-sent events of asks. All listeners of this process share one query a second, however many
 * they are.
 */
export function askEvents(
  asks: (ids: readonly string[]) => Promise<readonly Ask[]>,
  { log, most = 500 }: { readonly log: Logger; readonly most?: number },
) {
  const listeners = new Set<Listener>();
  let timer: NodeJS.Timeout | undefined;

  const wait = (): void => {
    timer = listeners.size === 0 ? undefined : setTimeout(() => void look(), EACH_MS).unref();
  };
  const end = (listener: Listener): void => {
    listeners.delete(listener);
    listener.stream.push(null);
  };
  const send = (listener: Listener, text: string): void => {
    listener.at = Date.now();
    listener.stream.push(text);
    if (listener.stream.readableLength > MOST_WAITING) listener.stream.destroy();
  };
  const tell = (listener: Listener, ask: Ask): void => {
    const text = jsonLine(askJson(ask));
    if (text === listener.sent) return;
    listener.sent = text;
    send(listener, `event: ${ask.state}\ndata: ${text}\n\n`);
    if (ask.state === 'done' || ask.state === 'failed') end(listener);
  };

  async function look(): Promise<void> {
    const ids = new Set([...listeners].map(({ id }) => id));
    try {
      const found = ids.size === 0 ? [] : await asks([...ids]);
      for (const one of listeners) {
        const ask = found.find(({ id }) => id === one.id);
        if (ask !== undefined) tell(one, ask);
        // It came meanwhile, or was removed with what is too old.
        else if (ids.has(one.id)) end(one);
      }
    } catch (error) {
      // The database is away: heartbeats say that this is still here.
      log.warn('events cannot be read', { error });
    }
    for (const one of listeners)
      if (Date.now() - one.at >= HEARTBEAT_MS) send(one, ': still here\n\n');
    wait();
  }

  return {
    /** A stream that ends when the ask is done or failed. Throws ApiProblem for one too many. */
    open(ask: Ask): Readable {
      if (listeners.size >= most) throw unavailable(`${most} streams are open, which is the most`);
      const stream = new Readable({ read: () => undefined });
      const listener: Listener = { id: ask.id, stream, sent: '', at: 0 };
      listeners.add(listener);
      stream.once('close', () => listeners.delete(listener));
      stream.push('retry: 3000\n\n');
      tell(listener, ask);
      if (timer === undefined) wait();
      return stream;
    },
    /** Ends all streams; clients connect again elsewhere. */
    close(): void {
      for (const listener of listeners) end(listener);
    },
  };
}
