import { drop, HttpSender, type SenderOptions } from './http-sender.ts';
import { networkCode } from './registry-errors.ts';

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

/** An address of a registry, and what sends to it. */
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
  readonly #options: WayOptions;
  #current: Way;
  #leaving: Promise<boolean> | undefined;

  constructor(options: WayOptions) {
    this.#options = options;
    const { registry, plainHttp, base } = options;
    const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
    const isPlain = plainHttp ?? isLoopback(new URL(`http://${host}`).hostname);
    const address = base ?? new URL(`${isPlain ? 'http' : 'https'}://${host}/v2/`);
    this.#current = { base: address, sender: new HttpSender(options) };
  }

  get current(): Way {
    return this.#current;
  }

  /**
   * True where `outcome` shows that `used` is the wrong way and another one answers, which is then
   * the current one. Asked until something came of a call: what went well once is not given up on a
   * bad day.
   */
  async isLeft(used: Way, outcome: unknown): Promise<boolean> {
    if (this.#current !== used) return true;
    if (this.#options.signal?.aborted === true) return false;
    if (!isOtherProtocol(outcome, used)) {
      if (outcome instanceof Response) this.#leaving ??= Promise.resolve(false);
      return false;
    }
    // Several calls may fail at once.
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  async #leave(): Promise<boolean> {
    for (const way of await this.#others())
      if (await answers(way)) {
        this.#current = way;
        return true;
      }
    return false;
  }

  async #others(): Promise<Way[]> {
    const { unverified, insecure, plainHttp } = this.#options;
    const { base, sender } = this.#current;
    if (unverified === undefined || plainHttp === true) return [];
    const isHere = isLoopback(base.hostname);
    if (!isHere && (await insecure?.()) !== true) return [];
    const https = new URL(base);
    https.protocol = 'https:';
    const http = new URL(base);
    http.protocol = 'http:';
    const any = new HttpSender({ ...this.#options, fetch: unverified });
    return [
      { base: https, sender: any },
      ...(base.protocol === 'http:' ? [] : [{ base: http, sender }]),
    ];
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

/** Servers of one protocol answer the other with 400, with what is none, or hang up. */
function isOtherProtocol(outcome: unknown, { base }: Way): boolean {
  if (outcome instanceof Response)
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
