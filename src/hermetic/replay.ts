import type { Fetch, Fetches } from '../model/fetches.ts';
import { type Answer, plainReply, type Reply } from './answer.ts';
import type { FetchStore } from './fetch-store.ts';
import { askedFor, keyOf, type Peer, type ProxyRequest } from './request-key.ts';

/** A request that the lock cannot answer, and who asked when. */
export interface Miss extends Readonly<Peer> {
  readonly asked: Pick<Fetch, 'address' | 'method'>;
  /** `store`: the lock has it, and the store lacks its bytes. */
  readonly why: 'lock' | 'store';
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Misses that are told; the build fails by the first. */
const MOST_MISSES = 1000;

interface Replay {
  readonly answer: Answer;
  readonly misses: () => readonly Miss[];
}

/**
 * Answers from the store, by the digests of the lock, and opens no connection. What was answered in
 * several ways is answered in their order, the last one again and again. A range of a file that the
 * lock has whole is cut out of it.
 */
export function replay(fetches: Fetches, store: FetchStore, now: () => number): Replay {
  const misses: Miss[] = [];
  const next = answersOf(fetches);
  const answer: Answer = async (request, reply) => {
    const seen = { at: now(), client: request.client, run: request.run };
    const exact = next(request);
    const whole = exact === undefined ? next(request, ['range', 'if-range']) : undefined;
    const fetch = exact ?? whole;
    const miss = (why: Miss['why']): void => {
      const { address, method } = askedFor(request);
      const asked = { address, ...(method === undefined ? {} : { method }) };
      if (misses.length < MOST_MISSES) misses.push({ asked, why, ...seen });
      plainReply(reply, 403, `not in the recording: ${address}\n`);
    };
    const range = whole === undefined ? undefined : rangeOf(request.headers['range'], whole);
    if (fetch === undefined) miss('lock');
    else if (await store.verify(fetch)) await send(fetch, range, store, reply);
    else miss('store');
  };
  return { answer, misses: () => misses };
}

/** Answers a request, each time with the next answer, `without` headers that normally matter. */
export function answersOf(
  fetches: Fetches,
): (request: ProxyRequest, without?: readonly string[]) => Fetch | undefined {
  const answers = new Map<string, Fetch[]>();
  for (const fetch of [...fetches.values()].flat()) {
    const key = keyOf(fetch);
    const known = answers.get(key);
    if (known === undefined) answers.set(key, [fetch]);
    else known.push(fetch);
  }
  return (request, without) => {
    const queue = answers.get(keyOf(askedFor(request, without))) ?? [];
    return queue.length > 1 ? queue.shift() : queue[0];
  };
}

interface Range {
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
}

/** RFC 9110, section 14.1.2, one range; undefined means all of it, `none` that nothing is there. */
function rangeOf(
  text: string | undefined,
  { size, status }: Pick<Fetch, 'size' | 'status'>,
): Range | 'none' | undefined {
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(text ?? '') ?? [];
  if (status !== undefined || (from === '' && to === '')) return undefined;
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === '' || to === '' ? size : Math.min(size, Number(to) + 1);
  return start >= size || end <= start ? 'none' : { start, end };
}

/** Sends what the store has of it, which is verified already. */
export async function send(
  { status = 200, headers = {}, digest, size }: Fetch,
  range: Range | 'none' | undefined,
  store: FetchStore,
  reply: Reply,
): Promise<void> {
  if (range === 'none') {
    reply.head(416, { 'content-range': `bytes */${size}` }, 0);
    reply.end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: size };
  const ranged =
    range === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${size}` };
  reply.head(range === undefined ? status : 206, { ...headers, ...ranged }, end - start);
  for await (const chunk of store.read(digest, start, end)) await reply.write(chunk);
  reply.end();
}
