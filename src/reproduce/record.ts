import { setMaxListeners } from 'node:events';
import { messageOf } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { groupBy } from '../lib/parallel.ts';
import { type Fetch, type Fetches, MOST_FETCHED_BYTES } from '../model/build-analysis.ts';
import { LONGEST_LOCK } from '../model/lock.ts';
import { decoded } from '../model/packages.ts';
import { type Digest, digestOf } from '../model/reference.ts';
import { SECRET_SHAPE } from '../model/secret-names.ts';
import type { FetchStore } from './fetch-store.ts';

/** Sends an answer to the program that asked. */
export interface Reply {
  /** Status and headers; `size` in bytes if known. */
  readonly head: (status: number, headers: Readonly<Record<string, string>>, size?: number) => void;
  /** Resolves when more may be written; at once after the client left. */
  readonly write: (chunk: Uint8Array) => Promise<void>;
  readonly end: () => void;
  /** Breaks the connection off, so that a part does not look whole. */
  readonly breakOff: () => void;
}

/** Answers a request: from the network while recording, or from the store. */
export type Answer = (request: ProxyRequest, reply: Reply) => Promise<void>;

/** A status without a body. */
export function plainReply(reply: Reply, status: number, text = ''): void {
  const body = Buffer.from(text);
  const type = text === '' ? {} : { 'content-type': 'text/plain; charset=utf-8' };
  reply.head(status, type, body.length);
  if (body.length > 0) void reply.write(body);
  reply.end();
}

/** Headers that programs use. Cookies and all others are neither kept nor replayed. */
const KEPT = [
  ...['accept-ranges', 'content-disposition', 'content-encoding', 'content-range', 'content-type'],
  ...['docker-content-digest', 'etag', 'last-modified', 'link', 'location', 'www-authenticate'],
];

/** Values that a lock allows. */
const KEEPABLE = /^[\t -~\u0080-\u00ff]{1,4096}$/;

/** Headers to keep, sorted by name. */
function keptHeaders(headers: ServerAnswer['headers']): readonly [string, string][] {
  return KEPT.flatMap((name): [string, string][] => {
    const text = [headers[name] ?? ''].flat().join(', ');
    return headers[name] !== undefined && KEEPABLE.test(text) ? [[name, text]] : [];
  });
}

/** Replaces a secret in an address. */
const REDACTED = 'REDACTED';

/** Names of query parameters with a secret, or with something derived from one. */
const SECRET_PARAMETER =
  /sig|token|key|secret|pass|pwd|credential|auth|jwt|session|code|nonce|hmac|policy/i;
/** A query parameter, in an address or in text around it. */
const PARAMETER = /([?&;])([^=&;?#\s<>"',]+)=[^&;#\s<>"',]*/g;
const CREDENTIALS = /((?:^|[\s<"',;])(?:[a-z][a-z0-9+.-]*:)?)\/\/[^/?#@\s<>"']*@/gi;

/**
 * An address without credentials and fragment, with `REDACTED` for values that may be secrets.
 * Idempotent, so that a replay finds a redirect again.
 */
export function publicAddress(address: string): string {
  const url = new URL(address);
  url.hash = '';
  url.username = '';
  url.password = '';
  return masked(url.href);
}

/** A header's value with each address in it masked, relative ones too. */
export function publicHeader(value: string): string {
  return masked(value.replaceAll(CREDENTIALS, '$1//'));
}

function hasSecret(text: string): boolean {
  return text.includes(REDACTED);
}

function masked(text: string): string {
  return text
    .replaceAll(PARAMETER, (found, start: string, name: string) =>
      SECRET_PARAMETER.test(decoded(name)) ? `${start}${name}=${REDACTED}` : found,
    )
    .replaceAll(SECRET_SHAPE, REDACTED);
}

/** Per build. */
const MOST_REQUESTS = 100_000;

type RecordedSize = ReturnType<typeof recordedSize>;

/**
 * Limits what one build can record, so that its commands fill neither memory nor disk. Each
 * function throws above the limits of a lock or a replay.
 */
function recordedSize() {
  const known = new Map<string, Fetch>();
  const counter = (most: number, error: string) => {
    let sum = 0;
    return (count: number): void => {
      sum += count;
      if (sum > most) throw new Error(error);
    };
  };
  /** Characters kept until the build ends. */
  const text = counter(
    LONGEST_LOCK,
    `addresses and headers have more than ${LONGEST_LOCK} characters, which is what a lock can have`,
  );
  const most = `the answers have more than ${MOST_FETCHED_BYTES / 1024 ** 3} GiB`;
  return {
    request: counter(MOST_REQUESTS, `the build has more than ${MOST_REQUESTS} requests`),
    text,
    /** Bytes of answers as they are written. */
    body: counter(MOST_FETCHED_BYTES, most),
    /** One object for equal answers. */
    kept: (fetch: Fetch): Fetch => {
      const key = JSON.stringify(fetch);
      if (!known.has(key)) text(key.length);
      const first = known.get(key) ?? fetch;
      known.set(key, first);
      return first;
    },
  };
}

export interface Peer {
  /** Its IP address. */
  readonly client: string;
  /** Dockerfile line of its RUN; undefined until it sends its name. */
  run?: number | undefined;
}

export interface ProxyRequest extends Readonly<Peer> {
  readonly method: string;
  /** As requested, with secrets. */
  readonly address: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Request headers that decide the answer; all others do not. */
const DECIDING = 'accept range if-range if-none-match if-modified-since git-protocol'.split(' ');

type Asked = Pick<Fetch, 'address' | 'method' | 'request'>;

/** The recorded part of a request: an equal request gets the same answer. */
function askedFor(request: ProxyRequest, without: readonly string[] = []): Asked {
  const { method, headers, body } = request;
  const deciding = DECIDING.filter((name) => !without.includes(name)).flatMap((name) => {
    const value = headers[name];
    return value === undefined || value === '*/*' ? [] : [`${name}: ${value}`];
  });
  const sent = [`content-type: ${headers['content-type'] ?? ''}`, digestOf(body)];
  const parts = [...deciding, ...(body.length === 0 ? [] : sent)];
  return {
    address: publicAddress(request.address),
    ...given({
      method: method === 'GET' ? undefined : method,
      request: parts.length === 0 ? undefined : digestOf(parts.join('\n')),
    }),
  };
}

/** A key for a request; requests with one key may get the same answer. */
function keyOf({ method = 'GET', address, request = '' as Digest }: Asked): string {
  return `${method} ${address} ${request}`;
}

/** A request that the lock cannot answer, with its client and time. */
export interface Miss extends Readonly<Peer> {
  readonly asked: Pick<Fetch, 'address' | 'method'>;
  /** `lock`: not in the lock. `store`: its bytes are missing. */
  readonly why: 'lock' | 'store';
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Reported misses; the build fails at the first. */
const MOST_MISSES = 1000;

/**
 * Answers from the store by the lock's digests; never opens a connection. Several answers to one
 * request come in their order, the last one repeatedly. A range is cut from the whole file, if the
 * lock has it.
 */
export function replay(fetches: Fetches, store: FetchStore, now: () => number) {
  const misses: Miss[] = [];
  const next = answersOf(fetches);
  const answer: Answer = async (request, reply) => {
    const seen = { at: now(), client: request.client, run: request.run };
    const exact = next(request);
    const whole = exact === undefined ? next(request, ['range', 'if-range']) : undefined;
    const fetch = exact ?? whole;
    const miss = (why: Miss['why']): void => {
      const { address, method } = askedFor(request);
      const asked = { address, ...given({ method }) };
      if (misses.length < MOST_MISSES) misses.push({ asked, why, ...seen });
      plainReply(reply, 403, `not in the recording: ${address}\n`);
    };
    const range = whole === undefined ? undefined : rangeOf(request.headers['range'], whole);
    if (fetch === undefined) miss('lock');
    else if (await store.verify(fetch)) await send(fetch, range, store, reply);
    else miss('store');
  };
  return { answer, misses: (): readonly Miss[] => misses };
}

/** The next answer to a request, `without` headers that normally matter. */
function answersOf(
  fetches: Fetches,
): (request: ProxyRequest, without?: readonly string[]) => Fetch | undefined {
  const answers = groupBy([...fetches.values()].flat(), keyOf);
  const used = new Map<string, number>();
  return (request, without) => {
    const key = keyOf(askedFor(request, without));
    const queue = answers.get(key) ?? [];
    const at = used.get(key) ?? 0;
    used.set(key, at + 1);
    return queue[Math.min(at, queue.length - 1)];
  };
}

interface Range {
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
}

/** RFC 9110, section 14.1.2, one range; undefined: the whole file, `none`: outside of it. */
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

/** Sends bytes of the store, already verified. */
async function send(
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
  if (end > start)
    for await (const chunk of store.openRead(digest, { start, end })) await reply.write(chunk);
  reply.end();
}

/** A server's answer, its body as sent. */
interface ServerAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: AsyncIterable<Uint8Array> | readonly Uint8Array[];
}

/**
 * Asks a server; rejects if it is unreachable. Does not follow redirects or unpack. `signal` ends
 * it.
 */
export type Upstream = (request: ProxyRequest, signal: AbortSignal) => Promise<ServerAnswer>;

/** A fetch, with its client and time. */
interface Recorded extends Readonly<Peer> {
  readonly fetch: Fetch;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** In characters: a lock's limit. */
const LONGEST_ADDRESS = 4096;
/** Reported failures. */
const MOST_FAILURES = 20;

/**
 * Passes requests on to their servers and keeps the answers. The proxy's own answers (an
 * unreachable server, a scheme that is not HTTP) are kept too, so that a replay repeats them. A
 * redirect's secret is removed on the way to the client, and put back when the client follows it.
 * Answers in `known` are not requested again: builds that share a stage see the same ones.
 */
export function recording(
  store: FetchStore,
  upstream: Upstream,
  now: () => number,
  known: Fetches = new Map(),
) {
  const next = answersOf(known);
  const slots: { recorded: Recorded | undefined }[] = [];
  const failures: { address: string; why: string }[] = [];
  const secrets = new Map<string, string>();
  const busy = new Set<Promise<void>>();
  const size = recordedSize();
  const ending = new AbortController();
  // Each open request adds a listener.
  setMaxListeners(0, ending.signal);
  const record: Answer = async (request, reply) => {
    const seen = { at: now(), client: request.client, run: request.run };
    const asked = askedFor(request);
    const real = secrets.get(request.address) ?? request.address;
    try {
      size.request(1);
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
      const about = given({
        status: answer.status === 200 ? undefined : answer.status,
        headers: Object.keys(all).length === 0 ? undefined : all,
      });
      const fetch = size.kept({ ...asked, ...about, ...kept });
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
  const answer: Answer = (request, reply) => {
    const work = record(request, reply).finally(() => busy.delete(work));
    busy.add(work);
    return work;
  };
  return {
    answer,
    /** In the order of requests. */
    fetches: (): readonly Recorded[] => slots.flatMap(({ recorded }) => recorded ?? []),
    /** Answers that ended early, or could not be stored: the recording is incomplete. */
    failures: (): readonly { readonly address: string; readonly why: string }[] => failures,
    /** Resolves when all answers are complete. Those that `signal` ends are failures. */
    settled: async (signal?: AbortSignal): Promise<void> => {
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

/** A redirect with a secret that only its server can create. */
function isSigned({ headers }: Fetch): boolean {
  return hasSecret(headers?.['location'] ?? '');
}

/** The server's answer, or ours if it fails. */
async function ask(
  request: ProxyRequest,
  upstream: Upstream,
  signal: AbortSignal,
): Promise<ServerAnswer> {
  if (!/^https?:/i.test(request.address)) return ownAnswer(501);
  const answer = await upstream(request, signal).catch(() => ownAnswer(502));
  signal.throwIfAborted();
  // A lock's limits.
  return answer.status >= 200 && answer.status <= 599 ? answer : ownAnswer(502);
}

/** The proxy's own answer, without a body. */
export function ownAnswer(status: number): ServerAnswer {
  return { status, headers: {}, body: [] };
}

/** Headers to keep, secrets masked; remembers the real address of a redirect with a secret. */
function shownHeaders(
  { headers }: ServerAnswer,
  real: string,
  secrets: Map<string, string>,
  size: RecordedSize,
): Readonly<Record<string, string>> {
  const shown = keptHeaders(headers).map(([name, value]): [string, string] => {
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

/**
 * Writes the body to store and client, also after the client left. Throws if its end is missing.
 */
async function keep(
  { status, body }: ServerAnswer,
  shown: { readonly headers: Fetch['headers'] & object; readonly stated: number | undefined },
  store: FetchStore,
  reply: Reply,
  size: RecordedSize,
): Promise<Pick<Fetch, 'digest' | 'size'>> {
  const { headers, stated } = shown;
  const isBare = status === 204 || status === 304 || 'content-length' in headers;
  reply.head(status, headers, isBare ? undefined : stated);
  async function* passedOn(): AsyncIterable<Uint8Array> {
    for await (const chunk of body) {
      size.body(chunk.length);
      yield chunk;
      await reply.write(chunk);
    }
  }
  return store.take(passedOn());
}
