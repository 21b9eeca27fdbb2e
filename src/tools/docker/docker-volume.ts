import { Interrupted } from '../../model/errors.ts';
import type { RunTool } from '../../model/run.ts';
import { toolFailure } from '../tool-failure.ts';
import { docker } from './docker.ts';

const CALL_MS = 60_000;

/**
 * Creates a volume. It cannot be aborted, so a caller that removes the volume by name misses none.
 * Throws UserError or ToolError.
 */
export async function createVolume(run: RunTool, name: string): Promise<void> {
  const result = await docker(run, ['volume', 'create', name]);
  if (result.exitCode !== 0) throw toolFailure(result, 'docker could not make a volume');
}

/** Puts a tar archive into a folder of a container. Throws UserError or ToolError. */
export async function copyIntoContainer(
  run: RunTool,
  archive: Uint8Array,
  target: string,
): Promise<void> {
  const result = await docker(run, ['cp', '-', target], undefined, { stdin: archive });
  if (result.exitCode !== 0) throw toolFailure(result, 'docker could not copy the tracer');
}

/** Removes a volume, also after an abort. True where it is gone. */
export async function removeVolume(run: RunTool, name: string): Promise<boolean> {
  const result = await run({
    command: 'docker',
    args: ['volume', 'rm', '--force', name],
    timeoutMs: CALL_MS,
  });
  return result.ended === 'exit' && result.exitCode === 0;
}

/** Passes on the stdout of a docker call, piece by piece, until it ends. Throws Interrupted. */
export async function follow(
  run: RunTool,
  args: readonly string[],
  take: (chunk: Uint8Array) => void,
  signal: AbortSignal,
): Promise<void> {
  const result = await run({
    command: 'docker',
    args,
    onStdout: (chunk) => {
      take(chunk);
      return Promise.resolve();
    },
    timeoutMs: { unlimited: 'it follows what runs until that ends' },
    signal,
  });
  if (result.ended === 'aborted') throw new Interrupted('the trace was interrupted');
}
