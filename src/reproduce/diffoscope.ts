// eslint-disable-next-line no-restricted-imports -- a temporary folder of ours
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inTemporaryFolder } from '../image/temporary-folder.ts';
import type { PipelineContext } from '../model/context.ts';
import type { ContentDifference } from '../model/report.ts';

/** Compares two contents of one file in detail; undefined if that shows nothing. */
export type LookDeeper = (
  path: string,
  format: ContentDifference['format'],
  first: Uint8Array,
  second: Uint8Array,
) => Promise<string | undefined>;

/** Most files given to diffoscope; each takes seconds. */
const MOST_FILES = 10;
/** Our own text is enough for texts, and diffoscope never gets keys. */
const NOT_ASKED: readonly ContentDifference['format'][] = ['brotli', 'key', 'text'];

const SECONDS = 30;
/** Kept lines of its output. */
const MOST_LINES = 60;
const LONGEST_LINE = 160;

/** Limits of size, depth and time; plain text on stdout. */
const ARGUMENTS = [
  '--no-progress',
  '--text=-',
  '--text-color=never',
  '--max-text-report-size=20000',
  '--max-diff-block-lines=50',
  '--max-container-depth=4',
  `--timeout=${SECONDS}`,
  '--',
];

/**
 * Views by diffoscope, for the first ten files of formats that it reads better than we do. Contents
 * are in a private folder under our names while it runs, then removed. If it is not installed, one
 * notice says so.
 */
export function deeperViews({
  run,
  signal,
  emit,
}: Pick<PipelineContext, 'run' | 'signal' | 'emit'>): LookDeeper {
  let left = MOST_FILES;
  return async (path, format, first, second) => {
    if (left === 0 || NOT_ASKED.includes(format)) return undefined;
    left -= 1;
    return inTemporaryFolder('deeper', async (folder) => {
      // Diffoscope needs the ending to see the format; no other part of an image's name is used.
      const ending = /\.[a-z0-9]{1,8}$/i.exec(path)?.[0] ?? '';
      const files = ['first', 'second'].map((name) => join(folder, `${name}${ending}`));
      for (const [i, content] of [first, second].entries())
        await writeFile(files[i] ?? '', content, { mode: 0o600 });
      const result = await run({
        command: 'diffoscope',
        args: [...ARGUMENTS, ...files],
        env: { LC_ALL: 'C.UTF-8', TZ: 'UTC' },
        timeoutMs: SECONDS * 2000,
        signal,
      });
      signal.throwIfAborted();
      // 0: equal; 1: different; 2 and more: errors.
      if (result.ended === 'exit' && result.exitCode === 1) return viewOf(result.stdout);
      if (result.ended !== 'not-found') return undefined;
      left = 0;
      emit({
        kind: 'notice',
        text: 'diffoscope is not installed: no deeper views (on Debian and Ubuntu: apt-get install diffoscope-minimal)',
      });
      return undefined;
    });
  };
}

/**
 * The view without the two names at its top, which are ours, cut to a readable length. Undefined if
 * it may contain a private key.
 */
function viewOf(stdout: string): string | undefined {
  if (/PRIVATE KEY/.test(stdout)) return undefined;
  const lines = stdout.trimEnd().split('\n');
  const body = lines[0]?.startsWith('--- ') === true ? lines.slice(2) : lines;
  const kept = body.slice(0, MOST_LINES).map((line) => line.trimEnd().slice(0, LONGEST_LINE));
  const more = body.length - kept.length;
  return [...kept, ...(more > 0 ? [`… and ${more} more lines`] : [])].join('\n') || undefined;
}
