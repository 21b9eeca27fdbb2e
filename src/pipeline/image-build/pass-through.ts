import { UserError } from '../../model/errors.ts';
import type { PipelineContext } from '../context.ts';

/** Lets buildx alone run a build without an image, in the terminal. `words` follow `docker`. */
export async function passThrough(
  context: PipelineContext,
  words: readonly string[],
  stdin: Uint8Array | AsyncIterable<Uint8Array> | undefined,
): Promise<number> {
  const result = await context.run({
    command: 'docker',
    args: words,
    cwd: context.cwd,
    stdin: stdin ?? 'inherit',
    stdout: 'inherit',
    stderr: 'inherit',
    timeoutMs: { unlimited: 'a build runs as long as it runs' },
    signal: context.signal,
  });
  if (result.ended === 'exit') return result.exitCode;
  if (result.ended === 'not-found')
    throw new UserError('docker is not installed', { nextStep: 'scoville doctor' });
  context.signal.throwIfAborted();
  throw new UserError(`docker buildx build was ended (${result.ended})`);
}
