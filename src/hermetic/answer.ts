import type { ProxyRequest } from './request-key.ts';

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
export function keptHeaders(
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
