import { setTimeout as sleep } from 'node:timers/promises';
import { ProxyError } from '../../model/errors.ts';
import { type Result, err, ok } from '../../model/result.ts';
import { bodyOf, wholeStream } from '../../model/whole-stream.ts';
import { reasonOf } from '../can-connect.ts';

/** How a conversation with OSV goes; times in milliseconds. */
export interface OsvHttpOptions {
  /** `https://api.osv.dev`, without a slash at the end. */
  readonly url: string;
  readonly userAgent: string;
  readonly signal?: AbortSignal;
  /** For one request, its retries not counted. */
  readonly requestMs?: number;
  /** For the whole conversation. */
  readonly budgetMs?: number;
  readonly fetch?: typeof fetch;
}

const REQUEST_MS = 20_000;
const BUDGET_MS = 90_000;
const TRIES = 4;
const FIRST_PAUSE_MS = 250;
/** A batch of 1,000 answers is some MB, a record of a kernel's CVE too. */
const MAX_BYTES = 64 * 1024 * 1024;

type Answer = Result<unknown, { readonly status: number | undefined; readonly reason: string }>;

/** Sends requests to OSV, one or several at a time; if the server asks for a pause, all wait. */
export class OsvHttp {
  readonly #options: OsvHttpOptions;
  readonly #deadline: AbortSignal;
  readonly #until: number;
  #resumeAt = 0;

  constructor(options: OsvHttpOptions) {
    this.#options = options;
    const budget = options.budgetMs ?? BUDGET_MS;
    this.#until = performance.now() + budget;
    this.#deadline = AbortSignal.timeout(budget);
  }

  /**
   * The JSON answer of a path; an error says why there is none, after retries if they can help.
   * Throws on abort only.
   */
  async json(path: string, body?: unknown): Promise<Answer> {
    let last: Answer = err({ status: undefined, reason: 'it was not asked' });
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const pause = Math.max(this.#resumeAt - performance.now(), 0);
      if (performance.now() + pause >= this.#until) break;
      if (pause > 0) await this.#pause(pause);
      const answer = await this.#once(path, body);
      if (answer.ok) return answer;
      last = answer;
      if (!answer.error.retry) return answer;
      const wait = answer.error.afterMs ?? FIRST_PAUSE_MS * 2 ** attempt;
      this.#resumeAt = Math.max(this.#resumeAt, performance.now() + wait);
    }
    this.#options.signal?.throwIfAborted();
    return last;
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#options;
    await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    signal?.throwIfAborted();
  }

  async #once(path: string, body: unknown) {
    const { url, userAgent, signal, requestMs } = this.#options;
    const timeout = AbortSignal.timeout(requestMs ?? REQUEST_MS);
    const stops = [timeout, this.#deadline, ...(signal === undefined ? [] : [signal])];
    try {
      const response = await (this.#options.fetch ?? fetch)(`${url}${path}`, {
        redirect: 'manual',
        signal: AbortSignal.any(stops),
        headers: { 'user-agent': userAgent, accept: 'application/json' },
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      });
      if (response.status !== 200) {
        await response.body?.cancel();
        return failed(response);
      }
      return await read(response);
    } catch (error) {
      signal?.throwIfAborted();
      if (this.#deadline.aborted) return lost('it took too long in all', false);
      if (timeout.aborted) return lost('it did not answer in time', true);
      return lost(networkReason(error), true);
    }
  }
}

function lost(reason: string, retry: boolean) {
  return err({ status: undefined, reason, retry, afterMs: undefined });
}

/** 429 and temporary 5xx are worth a retry, after the server's time (RFC 9110, 10.2.3). */
function failed(response: Response) {
  const { status } = response;
  const retry = status === 429 || status === 500 || (status >= 502 && status <= 504);
  return err({ status, reason: `it answered ${status}`, retry, afterMs: retryAfter(response) });
}

function retryAfter(response: Response): number | undefined {
  const text = response.headers.get('retry-after');
  if (text === null) return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

async function read(response: Response) {
  const bytes = await wholeStream(bodyOf(response), MAX_BYTES);
  if (bytes === undefined) return lost('its answer is larger than 64 MiB', false);
  try {
    return ok(JSON.parse(bytes.toString('utf8')) as unknown);
  } catch {
    return lost('its answer is not JSON', true);
  }
}

/** What undici hides in the cause. */
function networkReason(error: unknown): string {
  if (error instanceof ProxyError) return error.advice;
  const cause = error instanceof Error ? error.cause : undefined;
  return reasonOf(cause instanceof Error && 'code' in cause ? cause.code : undefined);
}
