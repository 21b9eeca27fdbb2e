import { setTimeout as sleep } from 'node:timers/promises';
import { wholeStream } from '../../lib/bytes.ts';
import { ProxyError, UserError } from '../../lib/errors.ts';
import { isOwnAddress } from '../../lib/own-address.ts';
import { RegistryAuth } from './auth.ts';
import type { CredentialSource } from './credentials.ts';
import {
  drop,
  explain,
  type HttpSender,
  isLoopback,
  isPassing,
  isPassingStatus,
  networkCode,
  type RegistryError,
  registryError,
  RegistryWays,
  type RequestBody,
  retryAfter,
  TransferError,
  type Way,
  type WayOptions,
} from './http.ts';

export interface ConnectionOptions extends WayOptions {
  readonly credentials: CredentialSource;
  /** Hosts that it may have our password sent to, besides those of its own domain. */
  readonly tokenServers?: readonly string[];
  /** Asked before the registry for what a mirror may give; none where something is written. */
  readonly mirrors?: () => Promise<readonly RegistryConnection[]>;
  /** Tries after the first; default 4. */
  readonly retries?: number;
  /** Milliseconds before the try of that number (from 1); default doubles from 250. */
  readonly backoffMs?: (attempt: number) => number;
}

/** One call: `body` gives the content again for each try. */
interface Call {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The path after `/v2/`, or a whole address that the registry named. */
  readonly at: string | URL;
  readonly scopes: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** Statuses that are an answer and no failure, besides 2xx. */
  readonly accept?: readonly number[];
  /** False where a broken try must be checked before the next; default true. */
  readonly retry?: boolean;
  /** Where mirrors are asked, besides the registry; default: not at all. */
  readonly mirrors?: 'before' | 'where-unreachable';
  readonly action: string;
}

const MAX_REDIRECTS = 5;
const USER_AGENT = 'scoville';

/** Sends calls to one registry: TLS, authentication, redirects, time limits, retries. */
export class RegistryConnection {
  readonly registry: string;
  readonly #options: ConnectionOptions;
  readonly #ways: RegistryWays;
  /** Verifies who answers, for all hosts but the registry's own. */
  readonly #sender: HttpSender;
  readonly #auth: RegistryAuth;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.registry = options.registry;
    this.#ways = new RegistryWays(options);
    this.#sender = this.#ways.current.sender;
    this.#auth = new RegistryAuth({
      registry: options.registry,
      credentials: options.credentials,
      send: (url, init) => this.#senderOf(url, this.#ways.current).send(url, init),
      base: () => this.base,
      tokenServers: options.tokenServers ?? [],
    });
  }

  /** Where the registry's interface begins, by the way that is in use. */
  get base(): URL {
    return this.#ways.current.base;
  }

  get retries(): number {
    return this.#options.retries ?? 4;
  }

  get signal(): AbortSignal | undefined {
    return this.#options.signal;
  }

  /** The answer to a call. Throws UserError that says what failed, where, and what to do. */
  async call(call: Call): Promise<Response> {
    try {
      return await this.tryCall(call);
    } catch (error) {
      throw this.explain(error, call.action);
    }
  }

  explain(error: unknown, action: string): unknown {
    return this.signal?.aborted === true ? error : explain(error, action, this.registry);
  }

  /** The answer to a call; failures as they are (RegistryError, TransferError, fetch's own). */
  async tryCall(call: Call): Promise<Response> {
    const mirrored = call.mirrors === 'before' ? await this.#tryMirrors(call) : undefined;
    if (mirrored !== undefined) return mirrored;
    try {
      return await this.#tryHere(call);
    } catch (error) {
      if (call.mirrors !== 'where-unreachable' || networkCode(error) === undefined) throw error;
      const found = await this.#tryMirrors(call);
      if (found === undefined) throw error;
      return found;
    }
  }

  /** A mirror's first good answer. Skips one that fails or lacks it, as the engine does. */
  async #tryMirrors(call: Call): Promise<Response | undefined> {
    for (const mirror of (await this.#options.mirrors?.()) ?? []) {
      try {
        return await mirror.#tryHere({ ...call, accept: [], retry: false });
      } catch (error) {
        if (this.signal?.aborted === true) throw error;
      }
    }
    return undefined;
  }

  async #tryHere(call: Call): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      const last = call.retry === false || attempt > this.retries;
      const way = this.#ways.current;
      try {
        const response = await this.#authorized(call, way);
        if (await this.#ways.isLeft(way, response)) {
          await drop(response);
          continue;
        }
        if (response.ok || call.accept?.includes(response.status) === true) return response;
        if (last || !isPassingStatus(response.status)) throw await registryError(response);
        await drop(response);
        await this.pause(attempt, retryAfter(response));
      } catch (error) {
        if (await this.#ways.isLeft(way, error)) continue;
        if (last || !this.isPassing(error)) throw error;
        await this.pause(attempt);
      }
    }
  }

  /** True for a failure that another try may get past. */
  isPassing(error: unknown): boolean {
    if (this.signal?.aborted === true) return false;
    if (error instanceof TransferError) return true;
    if (error instanceof ProxyError) return / 50[234]$/.test(error.why);
    const status = (error as Partial<RegistryError>).status;
    if (typeof status === 'number') return isPassingStatus(status);
    const code = networkCode(error);
    return code !== undefined && isPassing(code);
  }

  async pause(attempt: number, atLeast = 0): Promise<void> {
    const backoff = this.#options.backoffMs ?? ((n: number) => 250 * 2 ** (n - 1));
    await sleep(Math.max(backoff(attempt), atLeast), undefined, { signal: this.signal });
  }

  /** The answer's content in pieces; throws TransferError where it stands still or is cut. */
  content(response: Response): AsyncIterable<Uint8Array> {
    return this.#sender.content(response);
  }

  async bytes(response: Response, cap: number): Promise<Uint8Array> {
    const bytes = await wholeStream(this.content(response), cap);
    if (bytes === undefined) throw new UserError(`${this.registry} sent more than ${cap} bytes`);
    return bytes;
  }

  /** Sends with what the registry is known to want; a 401 teaches what that is. */
  async #authorized(call: Call, way: Way): Promise<Response> {
    const used = await this.#auth.authorization(call.scopes);
    const response = await this.#follow(call, used, way);
    // Only the registry itself may ask who we are, not an address that it sent us to.
    if (response.status !== 401 || new URL(response.url).origin !== way.base.origin)
      return response;
    if (!this.#auth.learn(response, call.scopes, used)) return response;
    const authorization = await this.#auth.authorization(call.scopes);
    if (authorization === undefined) return response;
    await drop(response);
    return this.#follow(call, authorization, way);
  }

  /** Follows redirects of reads by hand: only the registry's own origin learns who we are. */
  async #follow(call: Call, authorization: string | undefined, way: Way): Promise<Response> {
    const { base } = way;
    let url = new URL(call.at, base);
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const own = url.origin === base.origin;
      const headers = {
        'user-agent': USER_AGENT,
        ...call.headers,
        ...(own && authorization !== undefined ? { authorization } : {}),
      };
      const response = await this.#senderOf(url, way).send(
        url,
        { method: call.method, headers },
        call.body,
      );
      const location = response.headers.get('location');
      if (![301, 302, 303, 307, 308].includes(response.status) || location === null)
        return response;
      await drop(response);
      url = new URL(location, url);
      if (call.method !== 'GET' && call.method !== 'HEAD')
        throw new TransferError(`${this.registry} sends uploads on to another address`);
      const leadsHere = isLoopback(url.hostname) || isOwnAddress(url.hostname);
      if (leadsHere && url.hostname !== base.hostname && !isLoopback(base.hostname))
        throw new UserError(`${this.registry} redirects into this machine or its network`);
      if (url.protocol !== 'https:' && url.origin !== base.origin && !isLoopback(url.hostname))
        throw new TransferError(`${this.registry} redirects to an address without TLS`);
    }
    throw new TransferError(`${this.registry} redirects in a circle`);
  }

  #senderOf(url: URL, { base, sender }: Way): HttpSender {
    return url.host === base.host ? sender : this.#sender;
  }
}
