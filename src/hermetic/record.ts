import { setMaxListeners } from 'node:events';
import { messageOf } from '../model/errors.ts';
import type { Fetch, Fetches } from '../model/fetches.ts';
import { type Answer, keptHeaders, type Reply } from './answer.ts';
import { type FetchStore, nothing } from './fetch-store.ts';
import { hasSecret, publicHeader } from './public-address.ts';
import { RecordedSize } from './recorded-size.ts';
import { answersOf, send } from './replay.ts';
import { askedFor, type Peer, type ProxyRequest } from './request-key.ts';

/** An answer of a server, its body as it came. */
export interface ServerAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Asks a server; rejects if it is unreachable. No redirects, no unpacking. `signal` ends it. */
export type Upstream = (request: ProxyRequest, signal: AbortSignal) => Promise<ServerAnswer>;

/** A fetch, and who asked for it when. */
export interface Recorded extends Readonly<Peer> {
  readonly fetch: Fetch;
  /** Milliseconds since 1970. */
  readonly at: number;
}

interface Recording {
  readonly answer: Answer;
  /** In the order in which they were asked for. */
  readonly fetches: () => readonly Recorded[];
  /** Answers that ended too early, or could not be kept: the recording is not complete. */
  readonly failures: () => readonly { readonly address: string; readonly why: string }[];
  /** Resolves when no answer is under way. What `signal` ends is a failure. */
  readonly settled: (signal?: AbortSignal) => Promise<void>;
}

/** In characters: what a lock can hold. */
const LONGEST_ADDRESS = 4096;
/** Failures that are told. */
const MOST_FAILURES = 20;

/**
 * Passes requests on to their servers and keeps the answers. What the proxy itself says (a server
 * that cannot be reached, a scheme that is not HTTP) is kept like any other answer, so that a
 * replay says the same. A redirect to an address with a secret is passed on without it, and the
 * secret put back when the address is asked for. What `known` has is not asked for again: builds
 * that share a stage get the same answers in it.
 */
export function recording(
  store: FetchStore,
  upstream: Upstream,
  now: () => number,
  known: Fetches = new Map(),
): Recording {
  const next = answersOf(known);
  const slots: { recorded: Recorded | undefined }[] = [];
  const failures: { address: string; why: string }[] = [];
  const secrets = new Map<string, string>();
  const busy = new Set<Promise<void>>();
  const size = new RecordedSize();
  const ending = new AbortController();
  // Each request that is under way listens.
  setMaxListeners(0, ending.signal);
  const record: Answer = async (request, reply) => {
    const seen = { at: now(), client: request.client, run: request.run };
    const asked = askedFor(request);
    const real = secrets.get(request.address) ?? request.address;
    try {
      size.request();
      const slot: { recorded: Recorded | undefined } = { recorded: undefined };
      slots.push(slot);
      if (asked.address.length > LONGEST_ADDRESS) throw new Error('the address is too long');
      const before = next(request);
      if (before !== undefined && !isSigned(before) && (await store.verify(before))) {
        slot.recorded = { ...seen, fetch: size.kept(before) };
        await send(before, undefined, store, reply);
        return;
      }
      const answer = await ask({ ...request, address: real }, upstream, ending.signal);
      const headers = shownHeaders(answer, real, secrets, size);
      const isHead = request.method === 'HEAD';
      const stated = sizeOf(answer);
      const length = isHead && stated !== undefined ? { 'content-length': String(stated) } : {};
      const all = { ...headers, ...length };
      const kept = await keep(answer, { headers: all, stated }, store, reply, size);
      const fetch = size.kept({
        ...asked,
        ...(answer.status === 200 ? {} : { status: answer.status }),
        ...(Object.keys(all).length === 0 ? {} : { headers: all }),
        ...kept,
      });
      slot.recorded = { ...seen, fetch };
      reply.end();
    } catch (error) {
      if (failures.length < MOST_FAILURES)
        failures.push({
          address: asked.address.slice(0, LONGEST_ADDRESS),
          why: messageOf(ending.signal.aborted ? ending.signal.reason : error),
        });
      reply.breakOff();
    }
  };
  return {
    answer: (request, reply) => {
      const work = record(request, reply).finally(() => busy.delete(work));
      busy.add(work);
      return work;
    },
    fetches: () => slots.flatMap(({ recorded }) => recorded ?? []),
    failures: () => failures,
    settled: async (signal) => {
      const end = (): void => {
        ending.abort(signal?.reason);
      };
      if (signal?.aborted === true) end();
      signal?.addEventListener('abort', end);
      await Promise.all(busy);
      signal?.removeEventListener('abort', end);
    },
  };
}

/** A redirect whose secret part only its server can give. */
function isSigned({ headers }: Fetch): boolean {
  return hasSecret(headers?.['location'] ?? '');
}

/** The server's answer, or what stands for it where there is none. */
async function ask(
  request: ProxyRequest,
  upstream: Upstream,
  signal: AbortSignal,
): Promise<ServerAnswer> {
  if (!/^https?:/i.test(request.address)) return ownAnswer(501);
  const answer = await upstream(request, signal).catch(() => ownAnswer(502));
  signal.throwIfAborted();
  // What a lock can have.
  return answer.status >= 200 && answer.status <= 599 ? answer : ownAnswer(502);
}

/** An answer of the proxy's own, without a body. */
export function ownAnswer(status: number): ServerAnswer {
  return { status, headers: {}, body: nothing() };
}

/** Headers to keep, secrets masked; notes the real address of a redirect that has a secret. */
function shownHeaders(
  { headers }: ServerAnswer,
  real: string,
  secrets: Map<string, string>,
  size: RecordedSize,
): Readonly<Record<string, string>> {
  const shown = Object.entries(keptHeaders(headers)).map(([name, value]): [string, string] => {
    const masked = publicHeader(value);
    if (name === 'location' && masked !== value && URL.canParse(value, real)) {
      const [shown, whole] = [new URL(masked, real).href, new URL(value, real).href];
      size.text(shown.length + whole.length - (secrets.get(shown)?.length ?? 0));
      secrets.set(shown, whole);
    }
    return [name, masked];
  });
  return Object.fromEntries(shown);
}

function sizeOf({ headers }: ServerAnswer): number | undefined {
  const text = headers['content-length'];
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Writes the body to store and client, even if the client leaves. Throws if its end is missing. */
async function keep(
  { status, body }: ServerAnswer,
  shown: { readonly headers: Fetch['headers'] & object; readonly stated: number | undefined },
  store: FetchStore,
  reply: Reply,
  size: RecordedSize,
): Promise<Pick<Fetch, 'digest' | 'size'>> {
  const { headers, stated } = shown;
  const writer = await store.writer();
  try {
    const isBare = status === 204 || status === 304 || 'content-length' in headers;
    reply.head(status, headers, isBare ? undefined : stated);
    for await (const chunk of body) {
      size.body(chunk.length);
      await writer.write(chunk);
      await reply.write(chunk);
    }
    return await writer.commit();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
