import { createHash } from 'node:crypto';
import { reasonOf } from '../lib/can-connect.ts';
import { err, ok, ProxyError, type Result, UserError } from '../lib/errors.ts';
import type { FetchedFile } from '../model/fix.ts';
import { isDigest } from '../model/reference.ts';

const MOST_REDIRECTS = 10;
const WHOLE_MS = 5 * 60_000;
/** In bytes. */
const LARGEST = 2 * 1024 ** 3;

interface FetchDigestOptions {
  /** Whether this address may be spoken to without TLS. */
  readonly allowsPlain: (url: URL) => boolean;
  readonly userAgent: string;
  readonly signal: AbortSignal;
  /** Decides which addresses are reached: the text that names them is not the user's. */
  readonly fetch: typeof fetch;
  /** In bytes; 2 GiB where nothing is said. */
  readonly largest?: number;
  readonly mostMs?: number;
  /** Gets the content. */
  readonly chunks?: Uint8Array[];
}

function allowed(url: URL, { allowsPlain }: FetchDigestOptions): string | undefined {
  if (url.username !== '' || url.password !== '') return 'its address contains a password';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol !== 'http:') return `${url.protocol} is not fetched`;
  return allowsPlain(url) ? undefined : 'it is not fetched without TLS';
}

/**
 * The digest of an address' content now, at most `largest` bytes; nothing is kept. No credentials
 * are sent, and each redirect follows the same rules. An error says why not; throws on abort only.
 */
export async function fetchDigest(
  address: string,
  options: FetchDigestOptions,
): Promise<Result<FetchedFile>> {
  const { signal, largest = LARGEST, mostMs = WHOLE_MS, chunks } = options;
  const ending = AbortSignal.any([signal, AbortSignal.timeout(mostMs)]);
  try {
    let url = new URL(address);
    for (let steps = 0; steps <= MOST_REDIRECTS; steps++) {
      const refused = allowed(url, options);
      if (refused !== undefined) return err(refused);
      const response = await options.fetch(url, {
        redirect: 'manual',
        headers: { 'user-agent': options.userAgent, 'accept-encoding': 'identity' },
        signal: ending,
      });
      const next = response.headers.get('location');
      if (response.status >= 300 && response.status < 400 && next !== null) {
        await response.body?.cancel();
        url = new URL(next, url);
        continue;
      }
      if (!response.ok || response.body === null) {
        await response.body?.cancel();
        return err(`the server answered ${response.status}`);
      }
      return await hashed(response.body, largest, chunks);
    }
    return err(`more than ${MOST_REDIRECTS} redirects`);
  } catch (error) {
    signal.throwIfAborted();
    const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
    const known = [error, cause].find((one) => one instanceof UserError);
    if (known instanceof ProxyError) return err(known.advice);
    return err(known?.message ?? reasonOf(codeOf(error)));
  }
}

async function hashed(
  body: ReadableStream<Uint8Array>,
  largest: number,
  chunks?: Uint8Array[],
): Promise<Result<FetchedFile>> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > largest) return err(`it is larger than ${largest} bytes`);
    hash.update(chunk);
    chunks?.push(chunk);
  }
  const digest = `sha256:${hash.digest('hex')}`;
  return isDigest(digest) ? ok({ digest, size }) : err('it has no digest');
}

/** The code of what a failed fetch ended with. */
export function codeOf(error: unknown): unknown {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  return typeof cause === 'object' && cause !== null && 'code' in cause
    ? cause.code
    : String(cause);
}
