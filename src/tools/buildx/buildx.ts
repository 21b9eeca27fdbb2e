import type { BuildInvocation } from '../../model/build-invocation.ts';
import type { EventSink } from '../../model/events.ts';
import type { RunTool, ToolRun } from '../../model/run.ts';
import { type Completed, completed } from '../completed-run.ts';
import { BuildEvents } from './build-events.ts';
import { buildWords } from './build-words.ts';
import { PlainProgress } from './plain-progress.ts';
import { RawJsonProgress, type SolveStatus } from './progress-rawjson.ts';

interface BuildRequest {
  readonly invocation: BuildInvocation;
  readonly cwd?: string;
  /** `ToolRun.plugin`. */
  readonly plugin?: string;
  readonly stdin?: ToolRun['stdin'];
  readonly signal?: AbortSignal;
  /** BuildKit's messages as events. */
  readonly onEvent?: EventSink;
  /** The same as lines of buildx' plain progress, without line ends. */
  readonly onLine?: (line: string) => void;
  /** BuildKit's messages as they are. */
  readonly onStatus?: (status: SolveStatus) => void;
  /** Each line of buildx' stderr as it is. */
  readonly onJsonLine?: (line: string) => void;
}

export interface BuildOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  /** Buildx's last words, outside its progress: `ERROR: failed to solve: ...` and nearby lines. */
  readonly errorText: string;
}

const ERROR_LINES = 200;

/**
 * Runs `docker buildx build`. A failed build is an outcome with buildx' own exit code and text.
 * Throws Interrupted on abort, UserError without docker, ToolError where a signal ended it.
 */
export async function runBuild(run: RunTool, request: BuildRequest): Promise<BuildOutcome> {
  const printed: string[] = [];
  const keep = (line: string): void => {
    printed.push(line);
    if (printed.length > ERROR_LINES) printed.shift();
  };
  const reader = eventReader(request, keep);
  const result = await start(run, request, reader.line);
  reader.end();
  return { exitCode: result.exitCode, stdout: result.stdout, errorText: printed.join('\n') };
}

function start(
  run: RunTool,
  request: BuildRequest,
  line: (line: string) => void,
): Promise<Completed> {
  return completed(run, 'buildx', {
    command: 'docker',
    args: buildWords(request.invocation, 'rawjson'),
    env: request.invocation.env,
    stderr: 'lines',
    onStderrLine: line,
    timeoutMs: { unlimited: 'a build runs as long as it runs' },
    ...(request.plugin === undefined ? {} : { plugin: request.plugin }),
    ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
    ...(request.stdin === undefined ? {} : { stdin: request.stdin }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
}

interface LineReader {
  readonly line: (line: string) => void;
  readonly end: () => void;
}

function eventReader(request: BuildRequest, keep: (line: string) => void): LineReader {
  const progress = new RawJsonProgress();
  const events = new BuildEvents();
  const plain = request.onLine === undefined ? undefined : new PlainProgress(request.onLine);
  const take = (messages: ReturnType<RawJsonProgress['push']>): void => {
    for (const message of messages) {
      if (message.kind === 'text') {
        plain?.end();
        keep(message.text);
        request.onLine?.(message.text);
        request.onEvent?.({ kind: 'raw', text: message.text });
        continue;
      }
      request.onStatus?.(message.status);
      plain?.show(message.status);
      for (const event of events.events(message.status)) request.onEvent?.(event);
    }
  };
  return {
    line: (line) => {
      request.onJsonLine?.(line);
      take(progress.push(line));
    },
    end: () => {
      take(progress.end());
      plain?.end();
      for (const event of events.end()) request.onEvent?.(event);
    },
  };
}
