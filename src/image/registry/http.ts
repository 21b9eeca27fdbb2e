import { messageOf, ProxyError, UserError } from '../../lib/errors.ts';
import { isObject } from '../../lib/json.ts';
import { oneLine } from '../../lib/text.ts';
import { errorCode } from '../disk.ts';

/** An unsuccessful answer of a registry. `status` separates "not found" from the rest. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly status: number;
  /** Code of the distribution-spec (`MANIFEST_UNKNOWN`), where the answer gives one. */
  readonly code: string | undefined;

  constructor(status: number, code: string | undefined, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** A transfer that was cut or stalled. Worth another try. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
}

const MAX_ERROR_BYTES = 16 * 1024;
const MAX_RETRY_AFTER_MS = 60_000;

/** A registry's error (distribution-spec, "Error Codes"), cut and without control characters. */
export async function registryError(response: Response): Promise<RegistryError> {
  const text = await headOfBody(response).catch(() => '');
  let code: string | undefined;
  let message = '';
  try {
    // eslint-disable-next-line no-restricted-syntax -- a message, shown and not used
    const body = JSON.parse(text) as { errors?: { code?: unknown; message?: unknown }[] } | null;
    const first = body?.errors?.[0];
    if (typeof first?.code === 'string') code = quoted(first.code);
    if (typeof first?.message === 'string') message = quoted(first.message);
  } catch {
    // Many answers come from a proxy in front, without JSON. The status is enough.
  }
  return new RegistryError(response.status, code, message);
}

/** A registry's own words for an error: some repeat the header that we sent. */
function quoted(text: string): string {
  return oneLine(text)
    .slice(0, 300)
    .replace(/\b(Basic|Bearer)\s+\S+/gi, '$1 ***');
}

/** A failed registry call as an error for the user: what was asked, the answer, what to do. */
export function explain(error: unknown, action: string, host: string): unknown {
  if (error instanceof RegistryError)
    return new UserError(`${action}: ${host} answered ${error.status}${detail(error)}`, {
      nextStep: nextStepFor(error.status, host),
      cause: error,
    });
  if (error instanceof TransferError)
    return new UserError(`${action}: ${error.message}`, {
      nextStep: `Check the connection to ${host} and run the command again; blobs that arrived are kept.`,
      cause: error,
    });
  if (error instanceof ProxyError)
    return new UserError(
      `${action}: cannot reach ${host} through the proxy ${error.proxy} (${error.why})`,
      { nextStep: error.nextStep ?? '', cause: error },
    );
  const code = networkCode(error);
  if (code === undefined) return error;
  return new UserError(`${action}: cannot reach ${host} (${code})`, {
    nextStep: unreachableHint(code, host),
    cause: error,
  });
}

/** Codes of OpenSSL and Node.js for a certificate that is not trusted, or for no TLS at all. */
const TLS = /^\w{0,99}(?:CERT|SSL|VERIFY|SIGNATURE|CRL|PURPOSE|INVALID_CA)\w{0,99}$/;

/** The system's code for a broken or refused connection anywhere in the error's causes. */
export function networkCode(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; depth++) {
    const code = errorCode(at);
    if (code !== undefined && (TLS.test(code) || /^(?:E[A-Z_]+|UND_ERR_\w+|HPE_\w+)$/.test(code)))
      return code;
    at = at.cause instanceof AggregateError ? at.cause.errors[0] : at.cause;
  }
  return error instanceof TypeError && messageOf(error) === 'fetch failed'
    ? 'no connection'
    : undefined;
}

/** False where a retry will not help: connection refused, unknown name, untrusted certificate. */
export function isPassing(code: string): boolean {
  if (TLS.test(code)) return false;
  return !/^(?:ECONNREFUSED|ENOTFOUND|EAI_\w+|EPROTO|UND_ERR_INVALID_ARG|UND_ERR_REQ_CONTENT\w*)$/.test(
    code,
  );
}

/** True for an answer that another try may better. */
export function isPassingStatus(status: number): boolean {
  return status === 429 || status === 408 || (status >= 500 && status !== 501);
}

/** Milliseconds before a retry, from seconds or a date (RFC 9110, 10.2.3); 0 where neither. */
export function retryAfter(response: Response): number {
  const text = response.headers.get('retry-after') ?? '';
  const wait = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(wait) ? 0 : Math.min(Math.max(0, wait), MAX_RETRY_AFTER_MS);
}

function detail(error: RegistryError): string {
  const parts = [error.code, error.message].filter((part) => part !== undefined && part !== '');
  return parts.length === 0 ? '' : ` (${parts.join(': ')})`;
}

function nextStepFor(status: number, host: string): string {
  if (status === 401) return `Run \`docker login ${host}\`.`;
  if (status === 403)
    return `Run \`docker login ${host}\` as a user who may access this repository.`;
  if (status === 404) return 'Check the name and the tag; it may also be private (`docker login`).';
  if (status === 413) return `${host} refuses bodies of that size; raise the limit of its proxy.`;
  if (status === 429) return 'The registry limits requests: wait some minutes and run it again.';
  if (status >= 500) return `The fault lies with ${host}: check its log, or try again later.`;
  return `Check the log of ${host}.`;
}

function unreachableHint(code: string, host: string): string {
  const folder = `~/.docker/certs.d/${host}`;
  if (/ALERT.{0,99}CERT|CERT.{0,99}REQUIRED/.test(code))
    return `It asks for a client certificate: put client.cert and client.key into ${folder}.`;
  if (TLS.test(code))
    return `Trust who signed its certificate: put that authority into ${folder}/ca.crt, or into the system's store. Where it speaks plain HTTP, set registries."${host}".plainHttp in your own settings.`;
  if (code === 'ENOTFOUND') return 'Check the name of the registry.';
  // Of a handshake that it ended because of that, Node.js may see no more.
  if (/^(?:ECONNRESET|EPIPE|UND_ERR_SOCKET)$/.test(code))
    return `Check that a registry answers at ${host}; if it asks for a client certificate, put client.cert and client.key into ${folder}.`;
  return `Check that a registry answers at ${host}.`;
}

async function headOfBody(response: Response): Promise<string> {
  if (response.body === null) return '';
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    parts.push(chunk);
    length += chunk.length;
    if (length > MAX_ERROR_BYTES) break;
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The registry gave other bytes than were asked for or stored. */
export function wrongDigest(registry: string, expected: string, got: string): UserError {
  return new UserError(
    `${registry} gave other content: ${got.slice(0, 80)} instead of ${expected}`,
    {
      nextStep:
        'Nothing of it was used. Ask the operator of the registry, or of any proxy in between.',
    },
  );
}

interface SenderOptions {
  readonly registry: string;
  readonly signal?: AbortSignal;
  /** A transfer without a byte for that long is given up; default 60 s. */
  readonly stallMs?: number;
  readonly fetch?: typeof fetch;
}

/** Content of a request; called again for each try. */
export type RequestBody = () => Uint8Array | AsyncIterable<Uint8Array>;

const STALL_MS = 60_000;
/** Total wait, as a multiple of the above, for at least this many bytes: a trickle is too slow. */
const SLOW_FACTOR = 5;
const SLOW_BYTES = 64 * 1024;

/** Sends single requests and reads answers, and gives up what stands still. Follows no redirect. */
export class HttpSender {
  readonly #options: SenderOptions;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  get #stallMs(): number {
    return this.#options.stallMs ?? STALL_MS;
  }

  /** Gives a request up when its body stands still or the answer does not come. */
  async send(url: URL, init: RequestInit, body?: RequestBody): Promise<Response> {
    const { signal, registry } = this.#options;
    const stall = new AbortController();
    let timer: NodeJS.Timeout | undefined = setTimeout(() => {
      stall.abort();
    }, this.#stallMs);
    async function* watched(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
      for await (const chunk of content) {
        // None any more where a body gives one more chunk after its request has ended.
        timer?.refresh();
        yield chunk;
      }
    }
    const content = body?.();
    const sent =
      content instanceof Uint8Array || content === undefined ? content : watched(content);
    try {
      return await (this.#options.fetch ?? fetch)(url, {
        redirect: 'manual',
        ...init,
        signal: AbortSignal.any(signal === undefined ? [stall.signal] : [stall.signal, signal]),
        ...(sent === undefined ? {} : { body: sent, duplex: 'half' }),
      });
    } catch (error) {
      if (stall.signal.aborted)
        throw new TransferError(`${registry} did not answer in time`, { cause: error });
      throw error;
    } finally {
      clearTimeout(timer);
      timer = undefined;
    }
  }

  /** The answer's content in pieces; throws TransferError where it stands still or is cut. */
  async *content(response: Response): AsyncIterable<Uint8Array> {
    const { signal, registry } = this.#options;
    if (response.body === null) return;
    const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    try {
      let waited = 0;
      let came = 0;
      for (;;) {
        const before = performance.now();
        const piece = await this.#watched(reader.read());
        if (piece.done) return;
        waited += performance.now() - before;
        came += piece.value.length;
        if (came >= SLOW_BYTES) waited = came = 0;
        else if (waited > SLOW_FACTOR * this.#stallMs)
          throw new TransferError(`${registry} sends too slowly`);
        yield piece.value;
      }
    } catch (error) {
      if (signal?.aborted === true || error instanceof TransferError) throw error;
      throw new TransferError(`the transfer from ${registry} was cut off`, { cause: error });
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  }

  async #watched<T>(step: Promise<T>): Promise<T> {
    const ms = this.#stallMs;
    let timer: NodeJS.Timeout | undefined;
    const stall = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new TransferError(`nothing came from ${this.#options.registry} for ${ms / 1000} s`));
      }, ms);
    });
    try {
      return await Promise.race([step, stall]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Reads an answer that nobody needs to its end, so that the connection serves the next call. */
export async function drop(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}

/** What decides how a registry is spoken to. */
export interface WayOptions extends SenderOptions {
  /** Host and port as in a reference; `docker.io` is Docker Hub. */
  readonly registry: string;
  /** Speaks HTTP without TLS; loopback hosts always do. */
  readonly plainHttp?: boolean;
  /** Where it is not what `registry` says: that of a mirror, ends in `/v2/`. */
  readonly base?: URL;
  /** Whether the engine calls this registry insecure; asked where TLS failed. */
  readonly insecure?: () => Promise<boolean>;
  /** Sends without verifying who answers, for registries that are insecure. */
  readonly unverified?: typeof fetch;
}

export interface Way {
  readonly base: URL;
  readonly sender: HttpSender;
}

/** No TLS, one that is not trusted, or nobody who listens there. */
const OTHER_PROTOCOL =
  /CERT|SSL|VERIFY|SIGNATURE|^(?:EPROTO|ECONNREFUSED|ECONNRESET|UND_ERR_SOCKET|HPE_\w+)$/;

/**
 * How a registry is spoken to: TLS that is verified. Where the engine calls it insecure, and that
 * fails, then TLS with any certificate and plain HTTP, as the engine does. A loopback address is
 * asked by plain HTTP first.
 */
export class RegistryWays {
  current: Way;
  readonly #options: WayOptions;
  /** Asked until something came of a call: what went well once is not given up on a bad day. */
  #leaving: Promise<boolean> | undefined;

  constructor(options: WayOptions) {
    this.#options = options;
    const { registry, plainHttp, base } = options;
    const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
    const isPlain = plainHttp ?? isLoopback(new URL(`http://${host}`).hostname);
    const address = base ?? new URL(`${isPlain ? 'http' : 'https'}://${host}/v2/`);
    this.current = { base: address, sender: new HttpSender(options) };
  }

  /**
   * True where `outcome` shows that `used` is the wrong way and another one answers, which is then
   * the current one.
   */
  async isLeft(used: Way, outcome: unknown): Promise<boolean> {
    if (this.current !== used) return true;
    if (this.#options.signal?.aborted === true) return false;
    if (!isOtherProtocol(outcome, used)) {
      if (isResponse(outcome)) this.#leaving ??= Promise.resolve(false);
      return false;
    }
    // Several calls may fail at once.
    return (this.#leaving ??= this.#leave());
  }

  async #leave(): Promise<boolean> {
    const { unverified, insecure, plainHttp } = this.#options;
    const { base, sender } = this.current;
    if (unverified === undefined || plainHttp === true) return false;
    if (!isLoopback(base.hostname) && (await insecure?.()) !== true) return false;
    const at = (protocol: string): URL => Object.assign(new URL(base), { protocol });
    const any = new HttpSender({ ...this.#options, fetch: unverified });
    const others: readonly Way[] = [
      { base: at('https:'), sender: any },
      ...(base.protocol === 'http:' ? [] : [{ base: at('http:'), sender }]),
    ];
    for (const way of others)
      if (await answers(way)) {
        this.current = way;
        return true;
      }
    return false;
  }
}

/** Whether anything speaks that protocol there. Nothing is shown to it. */
async function answers(way: Way): Promise<boolean> {
  try {
    const response = await way.sender.send(way.base, { method: 'GET' });
    await drop(response);
    return !isOtherProtocol(response, way);
  } catch {
    return false;
  }
}

function isResponse(outcome: unknown): outcome is Response {
  return isObject(outcome) && 'status' in outcome && 'headers' in outcome;
}

/** Servers of one protocol answer the other with 400, with what is none, or hang up. */
function isOtherProtocol(outcome: unknown, { base }: Way): boolean {
  if (isResponse(outcome))
    return (
      outcome.status === 400 &&
      base.protocol === 'http:' &&
      !outcome.headers.has('docker-distribution-api-version')
    );
  const code = networkCode(outcome);
  return code !== undefined && OTHER_PROTOCOL.test(code);
}

/** True for this machine itself, where TLS guards nothing. */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
