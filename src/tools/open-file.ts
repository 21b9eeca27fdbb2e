import type { RunTool } from '../model/run.ts';

/** Opens a file in the user's default program; returns why it failed, undefined if it did not. */
export async function openFile(
  run: RunTool,
  path: string,
  platform: string,
): Promise<string | undefined> {
  const command = platform === 'darwin' ? 'open' : 'xdg-open';
  const result = await run({ command, args: [path], timeoutMs: 10_000 });
  switch (result.ended) {
    case 'exit':
      return result.exitCode === 0 ? undefined : `${command}: exit code ${result.exitCode}`;
    case 'not-found':
      return `${command} is not installed`;
    // A program that stays is one that opened it.
    case 'timeout':
    case 'aborted':
      return undefined;
    case 'signal':
      return `${command} was stopped by ${result.signal}`;
  }
}
