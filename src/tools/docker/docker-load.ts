import { cleanText } from '../../model/clean-text.ts';
import { type Result, err, ok } from '../../model/result.ts';
import type { RunTool } from '../../model/run.ts';
import { docker } from './docker.ts';

/** Why the engine did not take an image. */
interface LoadFailure {
  /** The stream left out a blob that the engine lacks; the full stream works. */
  readonly isMissing: boolean;
  readonly message: string;
}

/**
 * Streams a tar archive (OCI layout or docker-save) into `docker load`. Gives the names the engine
 * says it loaded. Throws what the stream throws, and Interrupted.
 */
export async function dockerLoad(
  run: RunTool,
  stream: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<Result<readonly string[], LoadFailure>> {
  const result = await docker(run, ['load'], signal, {
    stdin: stream,
    timeoutMs: { unlimited: 'an image may be of any size' },
  });
  if (result.exitCode !== 0) return err(loadFailure(result.stderr));
  return ok(loadedNames(result.stdout));
}

/** The names in `Loaded image: NAME` and `Loaded image ID: DIGEST` lines. */
export function loadedNames(stdout: string): readonly string[] {
  return [...stdout.matchAll(/^Loaded image(?: ID)?: (\S+)\s*$/gm)].map((match) => match[1] ?? '');
}

/** What `docker load` says on stderr. */
export function loadFailure(stderr: string): LoadFailure {
  const message = cleanText(stderr).trim().split('\n').at(-1) ?? '';
  const isMissing =
    /content digest sha256:[0-9a-f]{1,128}: not found|blob not found|content store.{0,900}not found/i.test(
      message,
    );
  return { isMissing, message: message === '' ? 'docker load failed' : message };
}
