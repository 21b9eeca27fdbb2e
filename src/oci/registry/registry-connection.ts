import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../model/errors.ts';
import type { CredentialSource } from './credentials.ts';
import { drop, HttpSender, type RequestBody, type SenderOptions } from './http-sender.ts';
import { RegistryAuth } from './registry-auth.ts';
import {
  explain,
  isPassing,
  networkCode,
  type RegistryError,
  registryError,
  TransferError,
} from './registry-errors.ts';

export interface ConnectionOptions extends SenderOptions {
  /** Host and port as in a reference; `docker.io` is Docker Hub. */
  readonly registry: string;
  readonly credentials: CredentialSource;
  /** Speaks HTTP without TLS; loopback hosts always do. */
  readonly plainHttp?: boolean;
  /** Tries after the first; default 4. */
  readonly retries?: number;
  /** Milliseconds before the try of that number (from 1); default doubles from 250. */
  readonly backoffMs?: (attempt: number) => number;
}

/** One call: `body` gives the content anew for each try. */
interface Call {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly scopes: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** Statuses that are an answer and no failure, besides 2xx. */
  readonly accept?: readonly number[];
  /** False where a broken try must be looked at before the next; default true. */
  readonly retry?: boolean;
  readonly action: string;
}

const MAX_REDIRECTS = 5;
const MAX_RETRY_AFTER_MS = 60_000;
const USER_AGENT = 'scoville';

/** Sends calls to one registry: TLS, who we are, redirects, time limits, and tries again what may pass. */
export class RegistryConnection {
  readonly base: URL;
  readonly registry: string;
  readonly #options: ConnectionOptions;
  readonly #sender: HttpSender;
  readonly #auth: RegistryAuth;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.registry = options.registry;
    const host = options.registry === 'docker.io' ? 'registry-1.docker.io' : options.registry;
    const plain = options.plainHttp ?? isLoopback(new URL(`http://${host}`).hostname);
    this.base = new URL(`${plain ? 'http' : 'https'}://${host}/v2/`);
    this.#sender = new HttpSender(options);
    this.#auth = new RegistryAuth({
      registry: options.registry,
      credentials: options.credentials,
      sender: this.#sender,
      allowsPlain: (url) => url.origin === this.base.origin || isLoopback(url.hostname),
    });
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
    for (let attempt = 1; ; attempt++) {
      const last = call.retry === false || attempt > this.retries;
      try {
        const response = await this.#authorized(call);
        if (response.ok || call.accept?.includes(response.status) === true) return response;
        if (last || !isPassingStatus(response.status)) throw await registryError(response);
        await drop(response);
        await this.pause(attempt, retryAfter(response));
      } catch (error) {
        if (last || !this.isPassing(error)) throw error;
        await this.pause(attempt);
      }
    }
  }

  /** True for a failure that another try may mend. */
  isPassing(error: unknown): boolean {
    if (this.signal?.aborted === true) return false;
    if (error instanceof TransferError) return true;
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

  /** The answer's content whole, at most `cap` bytes. */
  async bytes(response: Response, cap: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of this.content(response)) {
      parts.push(chunk);
      length += chunk.length;
      if (length > cap) throw new UserError(`${this.registry} sent more than ${cap} bytes`);
    }
    return Buffer.concat(parts);
  }

  /** Sends with what the registry is known to want; a 401 teaches what that is. */
  async #authorized(call: Call): Promise<Response> {
    const used = await this.#auth.authorization(call.scopes);
    const response = await this.#follow(call, used);
    // Only the registry itself may ask who we are, not an address that it sent us to.
    if (response.status !== 401 || new URL(response.url).origin !== this.base.origin)
      return response;
    if (!this.#auth.learn(response, call.scopes, used)) return response;
    const authorization = await this.#auth.authorization(call.scopes);
    if (authorization === undefined) return response;
    await drop(response);
    return this.#follow(call, authorization);
  }

  /** Follows redirects of reads by hand: who we are is told to the registry's own origin only. */
  async #follow(call: Call, authorization: string | undefined): Promise<Response> {
    let { url } = call;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const own = url.origin === this.base.origin;
      const headers = {
        'user-agent': USER_AGENT,
        ...call.headers,
        ...(own && authorization !== undefined ? { authorization } : {}),
      };
      const response = await this.#sender.send(url, { method: call.method, headers }, call.body);
      const location = response.headers.get('location');
      if (![301, 302, 303, 307, 308].includes(response.status) || location === null)
        return response;
      await drop(response);
      url = new URL(location, url);
      if (call.method !== 'GET' && call.method !== 'HEAD')
        throw new TransferError(`${this.registry} sends uploads on to another address`);
      if (isLoopback(url.hostname) && !isLoopback(this.base.hostname))
        throw new UserError(`${this.registry} redirects to this machine itself`);
      if (url.protocol !== 'https:' && url.origin !== this.base.origin && !isLoopback(url.hostname))
        throw new TransferError(`${this.registry} redirects to an address without TLS`);
    }
    throw new TransferError(`${this.registry} redirects in a circle`);
  }
}

/** Scope of a token that may read the repository. */
export function pull(repository: string): string {
  return `repository:${repository}:pull`;
}

/** Scope of a token that may read and write the repository. */
export function push(repository: string): string {
  return `repository:${repository}:pull,push`;
}

/** True for this machine itself, where TLS guards nothing. */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

function isPassingStatus(status: number): boolean {
  return status === 429 || status === 408 || (status >= 500 && status !== 501);
}

/** Seconds, or a date (RFC 9110, 10.2.3); nothing where it is neither. */
function retryAfter(response: Response): number {
  const text = response.headers.get('retry-after') ?? '';
  const wait = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(wait) ? 0 : Math.min(Math.max(0, wait), MAX_RETRY_AFTER_MS);
}
