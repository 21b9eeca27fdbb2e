import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { jsonLine } from '../report/text.ts';
import { tooMany } from './access.ts';
import { askJson } from './answers.ts';
import type { AppDeps } from './parts.ts';
import type { Ask } from './shapes.ts';
import { together } from './together.ts';

const EACH_MS = 1000;
const HEARTBEAT_MS = 15_000;
const MOST = { all: 500, ofOne: 20 };

/** Server-sent events of asks. All listeners of this process share one query a second. */
export function askEvents({ records, log }: Pick<AppDeps, 'records' | 'log'>, most = MOST) {
  const open: string[] = [];
  const stop = new AbortController();
  const look = together(async (ids: readonly string[]) => {
    const found = await records.asks([...new Set(ids)]);
    return ids.map((id) => found.find((ask) => ask.id === id));
  }, most.all);
  let tick: Promise<void> | undefined;
  /** The same for all, so that they look together. */
  const ticking = (): Promise<void> =>
    (tick ??= wait(EACH_MS, undefined, { signal: stop.signal, ref: false })
      .catch(() => undefined)
      .finally(() => (tick = undefined)));

  /** Ends when the ask is done or failed, or was removed with what is too old. */
  async function* eventsOf(first: Ask): AsyncGenerator<string> {
    yield 'retry: 3000\n\n';
    let [sent, at] = ['', Date.now()];
    for (let ask: Ask | undefined = first; ask !== undefined;) {
      const text = jsonLine(askJson(ask));
      const isNews = text !== sent;
      if (isNews || Date.now() - at >= HEARTBEAT_MS) {
        yield isNews ? `event: ${ask.state}\ndata: ${text}\n\n` : ': still here\n\n';
        [sent, at] = [text, Date.now()];
      }
      if (ask.state === 'done' || ask.state === 'failed') return;
      await ticking();
      if (stop.signal.aborted) return;
      ask = await look(ask.id).catch((error: unknown) => {
        log.warn('events cannot be read', { error });
        return ask;
      });
    }
  }

  return {
    /** Throws ApiProblem for one too many. */
    open(ask: Ask, address: string): Readable {
      const own = open.filter((one) => one === address);
      if (open.length >= most.all || own.length >= most.ofOne) throw tooMany(5000);
      open.push(address);
      return Readable.from(eventsOf(ask)).once('close', () => {
        open.splice(open.indexOf(address), 1);
      });
    },
    /** Ends all streams; clients connect again elsewhere. */
    close(): void {
      stop.abort();
    },
  };
}
