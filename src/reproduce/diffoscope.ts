import type { RunTool } from '../lib/run-tool.ts';

/** Two files that are to be looked into. */
interface DeeperRequest {
  readonly first: string;
  readonly second: string;
  readonly signal: AbortSignal;
}

const SECONDS = 30;
/** Of its text, in bytes; of what is kept of that, in lines and characters. */
const MOST_BYTES = 20_000;
const MOST_LINES = 60;
const LONGEST_LINE = 160;

/** Bounded in size, depth and time; its output is plain text on stdout. */
export function diffoscopeArguments({ first, second }: DeeperRequest): readonly string[] {
  return [
    '--no-progress',
    '--text=-',
    '--text-color=never',
    `--max-text-report-size=${MOST_BYTES}`,
    '--max-diff-block-lines=50',
    '--max-container-depth=4',
    `--timeout=${SECONDS}`,
    '--',
    first,
    second,
  ];
}

/**
 * What diffoscope sees in two files; no view if it saw nothing, took too long, or what it saw may
 * contain a private key, which is not repeated.
 */
interface DeeperView {
  readonly installed: boolean;
  readonly view?: string | undefined;
}

/** Has diffoscope look at two files. Throws where it is interrupted. */
export async function lookDeeper(run: RunTool, request: DeeperRequest): Promise<DeeperView> {
  const result = await run({
    command: 'diffoscope',
    args: diffoscopeArguments(request),
    env: { LC_ALL: 'C.UTF-8', TZ: 'UTC' },
    timeoutMs: SECONDS * 2000,
    signal: request.signal,
  });
  request.signal.throwIfAborted();
  if (result.ended === 'not-found') return { installed: false };
  // 0: the same; 1: they differ; 2 and more: trouble.
  const differ = result.ended === 'exit' && result.exitCode === 1;
  return { installed: true, view: differ ? readDiffoscope(result.stdout) : undefined };
}

/** The view without the two names at its top, which are ours; cut to what a person reads. */
export function readDiffoscope(stdout: string): string | undefined {
  if (/PRIVATE KEY/.test(stdout)) return undefined;
  const lines = stdout.split('\n').map((line) => line.trimEnd());
  const body = lines[0]?.startsWith('--- ') === true ? lines.slice(2) : lines;
  while (body.at(-1) === '') body.pop();
  if (body.length === 0) return undefined;
  const kept = body.slice(0, MOST_LINES).map((line) => line.slice(0, LONGEST_LINE));
  const more = body.length - kept.length;
  return [...kept, ...(more > 0 ? [`… and ${more} more lines`] : [])].join('\n');
}
