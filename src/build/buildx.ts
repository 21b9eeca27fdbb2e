import { given } from '../lib/json.ts';
import { completed, toolFailure } from '../lib/run-result.ts';
import type { RunTool, ToolRun } from '../lib/run-tool.ts';
import type { BuildInvocation, EventSink } from '../model/events.ts';
import { type DockerInfo, oldStoreError } from './docker.ts';
import { BuildEvents, PlainProgress, RawJsonProgress, type SolveStatus } from './progress.ts';

type Progress = 'rawjson' | 'plain' | 'quiet' | 'auto';

/** The arguments of `docker`: the one place where an invocation becomes words. */
export function buildWords(
  { outputs, metadataFile, flags, context }: BuildInvocation,
  progress?: Progress,
): readonly string[] {
  return [
    'buildx',
    'build',
    ...(progress === undefined ? [] : [`--progress=${progress}`]),
    ...outputs.map((output) => `--output=${output}`),
    ...(metadataFile === undefined ? [] : [`--metadata-file=${metadataFile}`]),
    ...flags.flatMap((flag) =>
      flag.name === undefined ? flag.words : [`--${flag.name}=${flag.value}`],
    ),
    ...(context.startsWith('-') && context !== '-' ? ['--', context] : [context]),
  ];
}

interface BuildRequest {
  readonly invocation: BuildInvocation;
  readonly cwd?: string;
  readonly plugin?: string;
  readonly stdin?: ToolRun['stdin'];
  readonly signal?: AbortSignal;
  readonly onEvent?: EventSink;
  readonly onLine?: (line: string) => void;
  readonly onStatus?: (status: SolveStatus) => void;
  readonly onJsonLine?: (line: string) => void;
  readonly onStart?: () => void;
}

const ERROR_LINES = 200;

/**
 * Runs `docker buildx build`. A failed build is an outcome with buildx' own exit code, and its last
 * words outside its progress: `ERROR: failed to solve: ...` and nearby lines. Throws Interrupted on
 * abort, UserError without docker, ToolError where a signal ended it.
 */
export async function runBuild(run: RunTool, request: BuildRequest) {
  const { invocation, plugin, cwd, stdin, signal, onStart } = request;
  const { onEvent, onLine, onStatus, onJsonLine } = request;
  const printed: string[] = [];
  const progress = new RawJsonProgress();
  const events = new BuildEvents();
  const plain = onLine === undefined ? undefined : new PlainProgress(onLine);
  const take = (messages: ReturnType<RawJsonProgress['push']>): void => {
    for (const message of messages) {
      if (message.kind === 'text') {
        plain?.end();
        printed.push(message.text);
        if (printed.length > ERROR_LINES) printed.shift();
        onLine?.(message.text);
        onEvent?.({ kind: 'raw', text: message.text });
        continue;
      }
      onStatus?.(message.status);
      plain?.show(message.status);
      for (const event of events.events(message.status)) onEvent?.(event);
    }
  };
  const { exitCode, stdout } = await completed(run, 'buildx', {
    command: 'docker',
    args: buildWords(invocation, 'rawjson'),
    env: invocation.env,
    stderr: 'lines',
    onStderrLine: (line) => {
      onJsonLine?.(line);
      take(progress.push(line));
    },
    timeoutMs: { unlimited: 'a build runs as long as it runs' },
    ...given({ plugin, cwd, stdin, signal, onStart }),
  });
  take(progress.end());
  plain?.end();
  for (const event of events.end()) onEvent?.(event);
  return { exitCode, stdout, errorText: printed.join('\n') };
}

export type Builder = ReturnType<typeof parseBuilder>;

/** The default builder of a build, or the named one. Throws ToolError if that does not exist. */
export async function currentBuilder(run: RunTool, name?: string): Promise<Builder> {
  const result = await completed(run, 'buildx', {
    command: 'docker',
    args: ['buildx', 'inspect', ...(name === undefined ? [] : [name])],
    timeoutMs: 60_000,
  });
  if (result.exitCode !== 0) throw toolFailure(result, 'the builder cannot be inspected');
  return parseBuilder(result.stdout);
}

export function parseBuilder(stdout: string) {
  const all = (key: string): readonly string[] =>
    [...stdout.matchAll(new RegExp(`^${key}:[ \\t]*(.*)$`, 'gm'))].map((m) => m[1]?.trim() ?? '');
  const platforms = all('Platforms').flatMap((list) => list.split(/,\s*/));
  // buildx before 0.13 writes `Buildkit:`; a distribution's engine may not know its own.
  const buildkit = /^v\d+\.\d+(?:[^\d\s]\S*)?$/.exec(
    [...all('BuildKit version'), ...all('Buildkit')][0] ?? '',
  )?.[0];
  return {
    name: all('Name')[0] ?? '',
    driver: all('Driver')[0] ?? '',
    running: all('Status').includes('running'),
    nodes: Math.max(1, all('Name').length - 1),
    // Those it can build for, empty where it does not run yet. One that a person named has a star.
    platforms: [...new Set(platforms.map((name) => name.replace('*', '')).filter(Boolean))],
    ...given({ buildkit: buildkit?.startsWith('v0.0.0') === true ? undefined : buildkit }),
  };
}

/** Builders by name in the text of `docker buildx ls`, the current one first. */
export function parseBuilderNames(stdout: string): readonly { name: string; driver: string }[] {
  const rows = stdout.matchAll(
    /^(\S+?)(\*?)[ \t]+(docker-container|docker|kubernetes|remote|cloud)(?=\s|$)/gm,
  );
  return [...rows]
    .sort((a, b) => Number(b[2] === '*') - Number(a[2] === '*'))
    .map(([, name = '', , driver = '']) => ({ name, driver }));
}

/**
 * The `--builder` to add so that a build can export an OCI layout. None where the engine or the
 * current builder can, else another builder in a container of this engine. A builder elsewhere that
 * nobody chose is not used: it would receive the context and the secrets. Throws UserError that
 * says how to turn the containerd store on.
 */
export async function builderForOci(
  run: RunTool,
  info: DockerInfo,
  named?: string,
): Promise<string | undefined> {
  if (info.containerdStore) return undefined;
  const builder = await currentBuilder(run, named);
  if (builder.driver !== 'docker') return undefined;
  // The user's own choice is not overruled.
  if (named !== undefined) throw oldStoreError();
  const listed = await completed(run, 'buildx', {
    command: 'docker',
    args: ['buildx', 'ls'],
    timeoutMs: 60_000,
  });
  const other = parseBuilderNames(listed.stdout).find(
    ({ driver }) => driver === 'docker-container',
  );
  if (other === undefined) throw oldStoreError();
  return other.name;
}
