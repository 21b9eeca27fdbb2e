import { cleanText } from '../../model/clean-text.ts';
import { Interrupted, UserError } from '../../model/errors.ts';
import type { RunTool } from '../../model/run.ts';

/** What a smoke command may look at in its environment. */
interface SmokePlace {
  readonly container: string;
  readonly image: string;
  /** Port of this machine; undefined where the image exposes none. */
  readonly port: number | undefined;
}

const OUTPUT_CHARS = 4096;

/** The environment of a smoke command, beside this process' own. */
export function smokeEnvironment({ container, image, port }: SmokePlace): Record<string, string> {
  return {
    SCOVILLE_CONTAINER: container,
    SCOVILLE_IMAGE: image,
    ...(port === undefined
      ? {}
      : { SCOVILLE_PORT: String(port), SCOVILLE_URL: `http://127.0.0.1:${port}` }),
  };
}

/**
 * Runs the user's command by `sh -c`, at most `timeoutMs`. Gives undefined where it ended with 0,
 * else the end of what it said. Throws Interrupted, and UserError where there is no sh.
 */
export async function runSmokeCommand(
  run: RunTool,
  command: string,
  place: SmokePlace,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly cwd: string },
): Promise<string | undefined> {
  const result = await run({
    command: 'sh',
    args: ['-c', command],
    env: smokeEnvironment(place),
    ...limits,
  });
  switch (result.ended) {
    case 'aborted':
      throw new Interrupted('the smoke command was interrupted');
    case 'not-found':
      throw new UserError('no sh on PATH, which runs the smoke command');
    case 'timeout':
      return `${said(result)}it took too long and was stopped`;
    case 'signal':
      return `${said(result)}ended by ${result.signal}`;
    case 'exit':
      return result.exitCode === 0 ? undefined : `${said(result)}exit code ${result.exitCode}`;
  }
}

function said(result: { readonly stdout: string; readonly stderr: string }): string {
  const text = cleanText(`${result.stdout}${result.stderr}`).trim().slice(-OUTPUT_CHARS);
  return text === '' ? '' : `${text}\n`;
}
