import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { wholeStream } from '../lib/bytes.ts';
import { err, Interrupted, messageOf, ok, type Result } from '../lib/errors.ts';
import { toolFailure } from '../lib/run-result.ts';
import type { RunTool } from '../lib/run-tool.ts';

interface EngineCall {
  readonly method: 'GET' | 'POST';
  /** Without a version: that of the engine. What is asked for is the same since Docker 20. */
  readonly path: string;
  /** A tar. An answer to a call without one must come within a minute. */
  readonly body?: AsyncIterable<Uint8Array>;
}

export interface EngineAnswer {
  readonly status: number;
  readonly text: string;
}

/** An answer that moves no image comes within this. */
export const CALL_MS = 60_000;
const LONGEST_ANSWER = 16 * 1024 * 1024;

/**
 * Asks the engine itself: starting `docker` takes ten times as long. Undefined where its socket is
 * not known or nobody answers there; docker does then, or says why not. In that case nothing of the
 * body was read. An error where the connection broke. Throws Interrupted, ToolError where it takes
 * too long, and what the body throws.
 */
export async function askEngine(
  { engineSocket }: RunTool,
  { method, path, body }: EngineCall,
  signal?: AbortSignal,
): Promise<Result<EngineAnswer> | undefined> {
  const address = engineSocket?.();
  if (address === undefined) return undefined;
  const late = body === undefined ? [AbortSignal.timeout(CALL_MS)] : [];
  const ends = AbortSignal.any([...(signal === undefined ? [] : [signal]), ...late]);
  const throwIfEnded = (): void => {
    if (signal?.aborted === true) throw new Interrupted('docker was interrupted');
    const stdio = { stdout: '', stderr: '' };
    if (ends.aborted) throw toolFailure({ ended: 'timeout', ...stdio }, 'docker');
  };
  throwIfEnded();
  const socket = connect(address);
  try {
    await once(socket, 'connect', { signal: ends });
  } catch {
    socket.destroy();
    throwIfEnded();
    return undefined;
  }
  const asked = request({
    createConnection: () => socket,
    method,
    path,
    signal: ends,
    headers: { host: 'docker', ...(body && { 'content-type': 'application/x-tar' }) },
  });
  // An engine that has answered need not read the rest.
  asked.on('error', () => undefined);
  let failed: { readonly by: unknown } | undefined;
  const watched = async function* (chunks: AsyncIterable<Uint8Array>) {
    try {
      yield* chunks;
    } catch (error) {
      failed = { by: error };
      throw error;
    }
  };
  try {
    const answered = once(asked, 'response') as Promise<[IncomingMessage]>;
    // A body that fails at once ends the request without an error.
    const closed = once(asked, 'close').then((): never => {
      throw new Error('it did not answer');
    });
    closed.catch(() => undefined);
    if (body === undefined) asked.end();
    else pipeline(watched(body), asked).catch(() => undefined);
    const [response] = await Promise.race([answered, closed]);
    const text = await wholeStream(response, LONGEST_ANSWER);
    if (text === undefined) return err('the engine’s answer is too long');
    return ok({ status: response.statusCode ?? 0, text: text.toString('utf8') });
  } catch (error) {
    throwIfEnded();
    if (failed !== undefined) throw failed.by;
    return err(`error during connect: ${messageOf(error)}`);
  } finally {
    asked.destroy();
  }
}
