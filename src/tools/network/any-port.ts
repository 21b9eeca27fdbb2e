import { Readable } from 'node:stream';
import undici, { type Dispatcher } from 'undici';

const BODILESS = [101, 204, 205, 304];

/**
 * What `fetch` gives for a request that follows no redirect, from any port: fetch itself refuses 80
 * of them (6000, 10080), where a registry may listen. Bodies come as they were sent. Rejects as
 * fetch does.
 */
export async function fetchAnyPort(
  url: URL,
  { method = 'GET', headers, body, signal, redirect }: RequestInit,
  dispatcher: Dispatcher,
): Promise<Response> {
  const asked = new Headers(headers);
  if (body instanceof URLSearchParams && !asked.has('content-type'))
    asked.set('content-type', 'application/x-www-form-urlencoded;charset=UTF-8');
  const path = `${url.pathname}${url.search}`;
  try {
    const answer = await undici.request(url.origin, {
      ...{ dispatcher, path, method: method },
      headers: Object.fromEntries(asked),
      body: bodyOf(body),
      ...(signal === undefined ? {} : { signal }),
    });
    const { statusCode: status } = answer;
    // Whoever reads the body learns of it; of a body that nobody reads, nobody has to.
    answer.body.on('error', () => undefined);
    const isEmpty = method === 'HEAD' || BODILESS.includes(status);
    if (isEmpty) await answer.body.dump();
    if (redirect === 'error' && status >= 300 && status < 400 && 'location' in answer.headers) {
      answer.body.destroy();
      throw new Error(`${url.host} redirects`);
    }
    const response = new Response(isEmpty ? null : streamOf(answer.body), {
      status,
      headers: headersOf(answer.headers),
    });
    return Object.defineProperty(response, 'url', { value: url.href });
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw new TypeError('fetch failed', { cause: error });
  }
}

/** Node's own conversion throws where a stream ends as it is canceled. */
function streamOf(body: Readable): ReadableStream<Uint8Array> {
  const pieces = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await pieces.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      cancel() {
        body.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}

function bodyOf(body: RequestInit['body']): string | Uint8Array | Readable | null {
  if (body === undefined || body === null) return null;
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  return body instanceof URLSearchParams
    ? body.toString()
    : Readable.from(body as AsyncIterable<Uint8Array>, { objectMode: false });
}

function headersOf(sent: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(sent))
    for (const value of [values ?? []].flat()) headers.append(name, value);
  return headers;
}
