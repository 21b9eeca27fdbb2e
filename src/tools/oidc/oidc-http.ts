import { messageOf, ProxyError } from '../../model/errors.ts';
import { parseJson } from '../../model/json-value.ts';
import { err, ok, type Result } from '../../model/result.ts';
import { bodyOf, wholeStream } from '../../model/whole-stream.ts';
import { reasonOf } from '../can-connect.ts';
import { codeOf } from '../fetch-digest.ts';

const REQUEST_MS = 20_000;
const LARGEST = 256 * 1024;

export interface OidcRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent by POST: a form, or a JSON text. */
  readonly body?: URLSearchParams | string;
  readonly signal: AbortSignal;
}

/** The status and the JSON that an identity provider answers with. */
export interface OidcAnswer {
  readonly status: number;
  readonly json: unknown;
}

/**
 * Asks an identity provider, over TLS unless it is on this machine. A redirect is an error: what is
 * sent may be a secret. Throws on abort only; an error names the host, and never what was sent.
 */
export async function askProvider({
  url: text,
  headers = {},
  body,
  signal,
}: OidcRequest): Promise<Result<OidcAnswer>> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return err('its address is not a URL');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOCAL.test(url.hostname)))
    return err(`${url.host} is not asked without TLS`);
  try {
    const response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { accept: 'application/json', ...headers },
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]),
      ...(body === undefined ? {} : { body }),
    });
    const answer = await wholeStream(bodyOf(response), LARGEST);
    if (answer === undefined) return err(`${url.host} answered more than ${LARGEST} bytes`);
    return ok({ status: response.status, json: parseJson(answer.toString()) });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ProxyError) return err(`${url.host}: ${error.advice}`);
    const why = messageOf(error) === 'fetch failed' ? reasonOf(codeOf(error)) : messageOf(error);
    return err(`${url.host}: ${why}`);
  }
}

const LOCAL = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
