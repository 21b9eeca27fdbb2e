import { Interrupted } from '../../model/errors.ts';
import type { RunTool, ToolRun } from '../../model/run.ts';
import { completed } from '../completed-run.ts';
import { toolFailure } from '../tool-failure.ts';

const CALL_MS = 60_000;

/**
 * Creates a volume. It cannot be aborted, so a caller that removes the volume by name misses none.
 * Throws UserError or ToolError.
 */
export async function createVolume(run: RunTool, name: string): Promise<void> {
  await succeed(
    run,
    { command: 'docker', args: ['volume', 'create', name], timeoutMs: CALL_MS },
    'docker could not make a volume',
  );
}

/** Puts a tar archive into a folder of a container. Throws UserError or ToolError. */
export async function copyIntoContainer(
  run: RunTool,
  archive: Uint8Array,
  target: string,
): Promise<void> {
  await succeed(
    run,
    { command: 'docker', args: ['cp', '-', target], stdin: archive, timeoutMs: CALL_MS },
    'docker could not copy the tracer',
  );
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

async function succeed(run: RunTool, what: ToolRun, failure: string): Promise<void> {
  const result = await completed(run, 'docker', { ...what, timeoutMs: CALL_MS });
  if (result.exitCode !== 0) throw toolFailure(result, failure);
}
