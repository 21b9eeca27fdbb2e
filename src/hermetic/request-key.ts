import { type Digest, digestOf } from '../model/digest.ts';
import type { Fetch } from '../model/fetches.ts';
import { publicAddress } from './public-address.ts';

/** The other end of a connection. */
export interface Peer {
  /** Its IP address. */
  readonly client: string;
  /** Line of the Dockerfile where its RUN begins; undefined until it has named itself. */
  run?: number | undefined;
}

/** A request as the proxy has it. */
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
export function askedFor(request: ProxyRequest, without: readonly string[] = []): Asked {
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
export function keyOf({ method = 'GET', address, request = '' as Digest }: Asked): string {
  return `${method} ${address} ${request}`;
}
