import { oneLine } from '../../model/clean-text.ts';
import { messageOf, ProxyError, UserError } from '../../model/errors.ts';
import { errorCode } from '../blobs/disk.ts';

/** An unsuccessful answer of a registry; `status` tells callers "not there" from the rest. */
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

/** A transfer that broke: the connection was cut or stood still. Worth another try. */
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
    const body = JSON.parse(text) as { errors?: { code?: unknown; message?: unknown }[] } | null;
    const first = body?.errors?.[0];
    if (typeof first?.code === 'string') code = oneLine(first.code).slice(0, 300);
    if (typeof first?.message === 'string') message = oneLine(first.message).slice(0, 300);
  } catch {
    // Many answers come from a proxy in front and are no JSON; the status says enough.
  }
  return new RegistryError(response.status, code, message);
}

/** A failed registry call as an error for the user: what was asked, the answer, what to do. */
export function explain(error: unknown, action: string, host: string): unknown {
  if (error instanceof RegistryError)
    return new UserError(
      `${action}: ${host} answered ${error.status}${detail(error)}`,
      withCause(nextStepFor(error.status, host), error),
    );
  if (error instanceof TransferError)
    return new UserError(`${action}: ${error.message}`, {
      nextStep: `Check the connection to ${host} and run the command again; blobs that arrived are kept.`,
      cause: error,
    });
  if (error instanceof ProxyError)
    return new UserError(
      `${action}: cannot reach ${host} through the proxy ${error.proxy} (${error.why})`,
      withCause(error.nextStep ?? '', error),
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

function withCause(nextStep: string, cause: unknown): { nextStep: string; cause: unknown } {
  return { nextStep, cause };
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
