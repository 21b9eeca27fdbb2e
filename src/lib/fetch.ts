import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { ProxyError, UserError } from './errors.ts';
import type { Network, Origins } from './origins.ts';
import type { Guard } from './own-address.ts';
import { certificateFolders, proxyOf } from './proxy.ts';

/** What undici keeps on a connection's socket: the parser of its answer. */
interface AnswerParser {
  readonly paused: boolean;
  resume(): void;
}

/**
 * Lets a server close its connection while we read slower than it sends. Up to undici 7, the end of
 * a connection with a paused parser fails an assertion and the process dies. Here a paused parser
 * reads what arrived before undici sees the end. Node's own fetch needs it too, until all versions
 * have undici 8.
 */
export function drainAtEnd(): void {
  unsubscribe(CONNECTED, watch);
  subscribe(CONNECTED, watch);
}

const CONNECTED = 'undici:client:connected';

function watch(message: unknown): void {
  const { socket } = message as { readonly socket: Socket };
  const drain = (): void => {
    const key = Object.getOwnPropertySymbols(socket).find((s) => s.description === 'parser');
    const parser: unknown = key === undefined ? undefined : Reflect.get(socket, key);
    // Each call takes in a piece, or unpauses; a parser that neither moves is left to undici.
    for (let left = MOST_PIECES; isParser(parser) && parser.paused && left > 0; left -= 1)
      parser.resume();
  };
  socket.prependListener('end', drain);
  socket.prependListener('close', drain);
}

/** What a socket keeps at the end is at most its high-water mark; pieces are of 16 KiB or more. */
const MOST_PIECES = 1024;

function isParser(value: unknown): value is AnswerParser {
  return (
    typeof value === 'object' &&
    value !== null &&
    'paused' in value &&
    typeof Reflect.get(value, 'resume') === 'function'
  );
}

/** Node's own, kept before `useNetwork` replaces it. */
const nodeFetch = globalThis.fetch;

let isAllowed = true;

/** Runs with no network: each `fetch` in it fails at once. Never two such runs at a time. */
export async function withoutNetwork<T>(run: () => Promise<T>): Promise<T> {
  isAllowed = false;
  try {
    return await run();
  } finally {
    isAllowed = true;
  }
}

/** Sends each `fetch` as docker and cosign do: Node.js ignores proxies and system authorities. */
export function useNetwork(env: Network['env'], home: string): void {
  drainAtEnd();
  globalThis.fetch = networkFetch(env, home);
}

/**
 * A `fetch` that uses the proxies of the environment, the authorities that docker and cosign trust,
 * and Docker's client certificates (`certs.d`). `isVerified: false` accepts any certificate: for
 * registries that the engine calls insecure. With `isNamed`, this machine and its network are
 * reachable only at addresses for which it returns true. `guardOf` throws for an origin that must
 * not be reached; its guard counts for what a proxy is asked for too, as far as this machine knows
 * the name. Rejects with ProxyError where the proxy failed.
 */
export function networkFetch(
  env: Network['env'],
  home: string,
  {
    isVerified = true,
    isNamed,
    guardOf,
  }: {
    readonly isVerified?: boolean;
    readonly isNamed?: (url: URL) => boolean;
    readonly guardOf?: (url: URL) => Guard | undefined;
  } = {},
): typeof fetch {
  const network: Network = {
    env,
    platform: process.platform,
    folders: certificateFolders(env, home),
  };
  let loading: Promise<Origins> | undefined;
  return async (input, init) => {
    // Naming a global such as `Request` has Node load an undici of its own: 27 ms beside ours.
    const isAddress = typeof input === 'string' || input instanceof URL;
    const url = new URL(isAddress ? input : input.url);
    if (!isAllowed) throw new UserError(`${url.host} was not asked: no network in this call`);
    const isWeb = url.protocol === 'http:' || url.protocol === 'https:';
    const proxy = isWeb ? proxyOf(url.href, env) : undefined;
    if (!isWeb) return nodeFetch(input, init);
    loading ??= import('./origins.ts').then(({ Origins: Loaded, NOT_OWN }) => {
      const byName = isNamed && ((at: URL) => (isNamed(at) ? undefined : NOT_OWN));
      return new Loaded(network, isVerified, guardOf ?? byName, guardOf !== undefined);
    });
    const origins = await loading;
    // Invalid settings are reported here; inside `fetch` they would become "fetch failed".
    origins.prepare(url);
    const asked = init ?? (isAddress ? {} : input);
    let response: Response;
    try {
      response = await (await import('./origins.ts')).fetchAnyPort(url, asked, origins);
    } catch (error) {
      throw proxy === undefined ? error : ofProxy(error, proxy.url.host);
    }
    const isRead = url.protocol === 'http:' && proxy?.url.protocol.startsWith('http') === true;
    if (!isRead || !isRefusedOnTheWay(response)) return response;
    await response.body?.cancel();
    throw new ProxyError(proxy.url.host, `it answered ${response.status}`, undefined);
  };
}

/** Over plain HTTP it answers in the place of a registry, which refuses by JSON or a login. */
function isRefusedOnTheWay({ status, headers }: Response): boolean {
  if (status === 407) return true;
  if (status !== 401 && status !== 403) return false;
  const isOfRegistry =
    headers.has('docker-distribution-api-version') ||
    /json/i.test(headers.get('content-type') ?? '') ||
    (status === 401 && headers.has('www-authenticate'));
  return !isOfRegistry;
}

/** Undici puts the proxy's status only into its message. */
const ANSWERED = /Proxy response \((\d{3})\)|Proxy Authentication Required \((407)\)/;

function ofProxy(error: unknown, proxy: string): unknown {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; depth++) {
    const [, tunnel, plain] = ANSWERED.exec(at.message) ?? [];
    const status = tunnel ?? plain;
    if (status !== undefined) return new ProxyError(proxy, `it answered ${status}`, error);
    const { syscall, code } = at as NodeJS.ErrnoException;
    if (/^UND_ERR_SOCKS5_AUTH/.test(code ?? ''))
      return new ProxyError(proxy, 'it refused user and password', error);
    if (/^(?:SOCKS5|Username and password required)/.test(at.message))
      return new ProxyError(proxy, at.message.replace(/^SOCKS5 connection failed: /, ''), error);
    const isOfConnection =
      syscall === 'connect' || syscall === 'getaddrinfo' || code === 'UND_ERR_CONNECT_TIMEOUT';
    if (isOfConnection || code === 'UND_ERR_PRX_TLS')
      return new ProxyError(proxy, code ?? 'no connection', error);
    at = at.cause instanceof AggregateError ? at.cause.errors[0] : at.cause;
  }
  return error;
}
