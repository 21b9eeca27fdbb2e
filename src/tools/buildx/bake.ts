import { cleanText } from '../../model/clean-text.ts';
import { UserError } from '../../model/errors.ts';
import type { RunTool } from '../../model/run.ts';
import { completed } from '../completed-run.ts';

/**
 * Asks `docker buildx bake` what a definition resolves to: JSON of groups and targets. Throws
 * UserError with buildx' own words and exit code.
 */
export async function printBake(
  run: RunTool,
  request: {
    /** The user's words, without `--print`. */
    readonly words: readonly string[];
    readonly cwd: string;
    readonly stdin: Uint8Array | undefined;
    readonly signal: AbortSignal;
  },
): Promise<string> {
  const { words, cwd, stdin, signal } = request;
  let text = '';
  const result = await completed(run, 'buildx', {
    command: 'docker',
    args: ['buildx', 'bake', '--print', ...words],
    cwd,
    signal,
    timeoutMs: RESOLVE_MS,
    endsAll: true,
    ...(stdin === undefined ? {} : { stdin }),
    onStdout: (chunk) => {
      text += Buffer.from(chunk).toString('latin1');
      if (text.length > LARGEST) throw new UserError('the definition is larger than 16 MiB');
      return Promise.resolve();
    },
  });
  if (result.exitCode === 0) return Buffer.from(text, 'latin1').toString('utf8');
  const said = cleanText(result.stderr)
    .replace(/^ERROR: /, '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^#\d+ /.test(line))
    .join('\n');
  throw new UserError(said === '' ? 'the definition cannot be read' : said, {
    exitCode: result.exitCode,
  });
}

const LARGEST = 16 * 1024 * 1024;
/** A definition may come from a repository; aliases of YAML may unfold without end. */
const RESOLVE_MS = 60_000;
