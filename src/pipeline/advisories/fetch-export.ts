import { type FileHandle, open, readFile, rm } from 'node:fs/promises';
import { messageOf, ProxyError, UserError } from '../../model/errors.ts';
import { isObject } from '../../model/json-value.ts';
import { writeBeside } from '../../oci/blobs/replace-file.ts';
import { HttpSender } from '../../oci/registry/http-sender.ts';

/** What a server says of an export. */
export interface ExportState {
  readonly etag?: string;
  /** Milliseconds since 1970. */
  readonly modified?: number;
}

/** Where it comes from, and what is there of it already. */
interface ExportRequest {
  readonly url: string;
  /** Where the bytes go; what an interrupted run left there is gone on with. */
  readonly part: string;
  /** Of the database that is there. */
  readonly etag: string | undefined;
  readonly userAgent: string;
  readonly signal: AbortSignal;
  readonly onBytes: (done: number, total: number | undefined) => void;
}

const MOST_BYTES = 8 * 1024 ** 3;

/**
 * Downloads an export, from where an earlier run ended where the server still has the same one (RFC
 * 9110, 13.1.5 and 14). Undefined where the database that is there is of this export. Throws
 * UserError where it cannot be had; `status` 404 means no such export.
 */
export async function fetchExport(request: ExportRequest): Promise<ExportState | undefined> {
  const note = `${request.part}.json`;
  const before = await notedEtag(note);
  const file = await open(request.part, before === undefined ? 'w+' : 'a+');
  try {
    const have = (await file.stat()).size;
    const { url, signal } = request;
    const sender = new HttpSender({ registry: new URL(url).host, signal });
    const response = await asked(request, sender, have > 0 ? before : undefined, have);
    if (response.status === 304) return undefined;
    const etag = strongEtag(response);
    const isRest = response.status === 206;
    if (isRest && !continues(response, have)) throw failed(request.url, 'it sent another part');
    if (!isRest) await file.truncate(0);
    await (etag === undefined
      ? rm(note, { force: true })
      : writeBeside(note, JSON.stringify({ etag })));
    await receive(request, sender, response, file, isRest ? have : 0);
    const modified = Date.parse(response.headers.get('last-modified') ?? '');
    return {
      ...(etag === undefined ? {} : { etag }),
      ...(Number.isNaN(modified) ? {} : { modified }),
    };
  } finally {
    await file.close();
  }
}

async function notedEtag(note: string): Promise<string | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(note, 'utf8'));
    return isObject(value) && typeof value['etag'] === 'string' ? value['etag'] : undefined;
  } catch {
    return undefined;
  }
}

/** A weak one does not promise the same bytes. */
function strongEtag({ headers }: Response): string | undefined {
  const etag = headers.get('etag');
  return etag !== null && /^"[\x21\x23-\x7e]{1,200}"$/.test(etag) ? etag : undefined;
}

function continues({ headers }: Response, from: number): boolean {
  return new RegExp(`^bytes ${from}-\\d+/(?:\\d+|\\*)$`).test(headers.get('content-range') ?? '');
}

async function asked(
  { url, etag, userAgent, signal }: ExportRequest,
  sender: HttpSender,
  resumed: string | undefined,
  have: number,
): Promise<Response> {
  const headers: Record<string, string> = { 'user-agent': userAgent };
  // What is packed on the way has other bytes than the file.
  headers['accept-encoding'] = 'identity';
  if (etag !== undefined) headers['if-none-match'] = etag;
  if (resumed !== undefined) {
    headers['range'] = `bytes=${have}-`;
    headers['if-range'] = resumed;
  }
  const response = await request(sender, url, headers, signal);
  // Nothing is left to send: all of it is there, or another file is.
  if (response.status === 416 && resumed !== undefined) {
    await response.body?.cancel();
    delete headers['range'];
    delete headers['if-range'];
    return okay(url, await request(sender, url, headers, signal));
  }
  return okay(url, response);
}

async function request(
  sender: HttpSender,
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Response> {
  try {
    const response = await sender.send(new URL(url), { headers, redirect: 'follow' });
    if (url.startsWith('https:') && !response.url.startsWith('https:'))
      throw failed(url, 'it redirects to an address without TLS');
    return response;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ProxyError) throw failed(url, error.message, error);
    if (error instanceof UserError) throw error;
    const cause = error instanceof Error ? error.cause : undefined;
    throw failed(url, messageOf(cause ?? error), error);
  }
}

async function okay(url: string, response: Response): Promise<Response> {
  if ([200, 206, 304].includes(response.status)) return response;
  await response.body?.cancel();
  throw failed(url, `it answered ${response.status}`);
}

async function receive(
  { url, signal, onBytes }: ExportRequest,
  sender: HttpSender,
  response: Response,
  file: FileHandle,
  from: number,
): Promise<void> {
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  const total = Number.isNaN(length) ? undefined : from + length;
  let done = from;
  try {
    for await (const value of sender.content(response)) {
      signal.throwIfAborted();
      done += value.length;
      if (done > MOST_BYTES) throw failed(url, 'it is larger than 8 GiB');
      await file.appendFile(value);
      onBytes(done, total);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof UserError ? error : failed(url, messageOf(error), error);
  }
  if (total !== undefined && done !== total) throw failed(url, 'the transfer was cut off');
}

function failed(url: string, why: string, cause?: unknown): UserError {
  return new UserError(`cannot fetch ${url}: ${why}`, {
    cause,
    nextStep:
      (cause instanceof ProxyError ? cause.nextStep : undefined) ??
      'run it again: it goes on from where it ended',
  });
}
