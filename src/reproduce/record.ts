import { setMaxListeners } from 'node:events';
import { messageOf } from '../lib/errors.ts';
import { type Fetch, type Fetches, MOST_FETCHED_BYTES } from '../model/build-analysis.ts';
import { LONGEST_LOCK } from '../model/lock.ts';
import { decoded } from '../model/packages.ts';
import { type Digest, digestOf } from '../model/reference.ts';
import { SECRET_SHAPE } from '../model/secret-names.ts';
import { type FetchStore, nothing } from './fetch-store.ts';

/** Takes an answer on its way to the program that asked. */
export interface Reply {
  /** Status and headers; `size` in bytes where it is known. */
  readonly head: (status: number, headers: Readonly<Record<string, string>>, size?: number) => void;
  /** Resolves when more may be written; at once where nobody listens any more. */
  readonly write: (chunk: Uint8Array) => Promise<void>;
  readonly end: () => void;
  /** Breaks the connection off, so that nobody takes a part for the whole. */
  readonly breakOff: () => void;
}

/** Who answers: the network while it is recorded, or the store. */
export type Answer = (request: ProxyRequest, reply: Reply) => Promise<void>;

/** Answers with a status alone. */
export function plainReply(reply: Reply, status: number, text = ''): void {
  const body = Buffer.from(text);
  reply.head(
    status,
    text === '' ? {} : { 'content-type': 'text/plain; charset=utf-8' },
    body.length,
  );
  if (body.length > 0) void reply.write(body);
  reply.end();
}

/** Headers of answers that programs go by. Cookies and all others are neither kept nor replayed. */
const KEPT = [
  'accept-ranges',
  'content-disposition',
  'content-encoding',
  'content-range',
  'content-type',
  'docker-content-digest',
  'etag',
  'last-modified',
  'link',
  'location',
  'www-authenticate',
];

/** What a lock can hold. */
const KEEPABLE = /^[\t -~\u0080-\u00ff]{1,4096}$/;

/** Those of an answer that are kept, sorted by name. */
function keptHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    KEPT.flatMap((name) => {
      const value = headers[name];
      if (value === undefined) return [];
      const text = typeof value === 'string' ? value : value.join(', ');
      return KEEPABLE.test(text) ? [[name, text]] : [];
    }),
  );
}

/** What stands for a secret in an address. */
const REDACTED = 'REDACTED';

/** Names of query parameters that hold a secret, or what only its holder knows. */
const SECRET_PARAMETER =
  /sig|token|key|secret|pass|pwd|credential|auth|jwt|session|code|nonce|hmac|policy/i;
/** A parameter of a query, in an address or in a text around it. */
const PARAMETER = /([?&;])([^=&;?#\s<>"',]+)=[^&;#\s<>"',]*/g;
const CREDENTIALS = /((?:^|[\s<"',;])(?:[a-z][a-z0-9+.-]*:)?)\/\/[^/?#@\s<>"']*@/gi;

/**
 * An address without credentials and fragment, and with `REDACTED` for each value that may be a
 * secret. Doing it twice changes nothing, so that a replayed redirect is found again.
 */
export function publicAddress(address: string): string {
  const url = new URL(address);
  url.hash = '';
  url.username = '';
  url.password = '';
  return masked(url.href);
}

/** The value of a header with every address in it masked, a relative one too. */
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

/** Requests of one build. */
const MOST_REQUESTS = 100_000;

/** What a build has had recorded so far. */
type RecordedSize = ReturnType<typeof recordedSize>;

/**
 * Bounds what a build can have recorded, so that its commands fill neither memory nor disk. Each
 * function throws where there is more than a lock can have, or a replay would take.
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
  /** Characters that are remembered until the build ends. */
  const text = counter(
    LONGEST_LOCK,
    `addresses and headers have more than ${LONGEST_LOCK} characters, which is what a lock can have`,
  );
  return {
    request: counter(MOST_REQUESTS, `the build has more than ${MOST_REQUESTS} requests`),
    text,
    /** Bytes of an answer that are being written. */
    body: counter(
      MOST_FETCHED_BYTES,
      `the answers have more than ${MOST_FETCHED_BYTES / 1024 ** 3} GiB`,
    ),
    /** The fetch; the same object for the same answer. */
    kept: (fetch: Fetch): Fetch => {
      const key = JSON.stringify(fetch);
      if (!known.has(key)) text(key.length);
      const first = known.get(key) ?? fetch;
      known.set(key, first);
      return first;
    },
  };
}

/** The other end of a connection. */
export interface Peer {
  /** Its IP address. */
  readonly client: string;
  /** Line of the Dockerfile where its RUN begins; undefined until it has named itself. */
  run?: number | undefined;
}

export interface ProxyRequest extends Readonly<Peer> {
  readonly method: string;
  /** Whole, as it was asked for. */
  readonly address: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Request headers that decide which answer is the right one. What is not named here does not. */
const DECIDING = [
  'accept',
  'range',
  'if-range',
  'if-none-match',
  'if-modified-since',
  'git-protocol',
];

type Asked = Pick<Fetch, 'address' | 'method' | 'request'>;

/** What of a request the lock records: who asks again in the same way gets the same answer. */
function askedFor(request: ProxyRequest, without: readonly string[] = []): Asked {
  const { method, headers, body } = request;
  const deciding = DECIDING.filter((name) => !without.includes(name)).flatMap((name) => {
    const value = headers[name];
    return value === undefined || value === '*/*' ? [] : [`${name}: ${value}`];
  });
  const parts = [
    ...deciding,
    ...(body.length === 0
      ? []
      : [`content-type: ${headers['content-type'] ?? ''}`, digestOf(body)]),
  ];
  const digest: Digest | undefined = parts.length === 0 ? undefined : digestOf(parts.join('\n'));
  return {
    address: publicAddress(request.address),
    ...(method === 'GET' ? {} : { method }),
    ...(digest === undefined ? {} : { request: digest }),
  };
}

/** One text for what is asked; two requests with the same one may be answered alike. */
function keyOf({ method = 'GET', address, request = '' as Digest }: Asked): string {
  return `${method} ${address} ${request}`;
}

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
function answersOf(
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
  for await (const chunk of store.read(digest, start, end)) await reply.write(chunk);
  reply.end();
}

/** An answer of a server, its body as it came. */
interface ServerAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Asks a server; rejects if it is unreachable. No redirects, no unpacking. `signal` ends it. */
export type Upstream = (request: ProxyRequest, signal: AbortSignal) => Promise<ServerAnswer>;

/** A fetch, and who asked for it when. */
interface Recorded extends Readonly<Peer> {
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
  const size = recordedSize();
  const ending = new AbortController();
  // Each request that is under way listens.
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
