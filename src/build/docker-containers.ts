import { setTimeout as sleep } from 'node:timers/promises';
import { Interrupted, UserError } from '../lib/errors.ts';
import { field, isObject, listField, numberField, parseJson, textField } from '../lib/json.ts';
import { toolFailure } from '../lib/run-result.ts';
import type { RunTool, ToolResult, ToolRun } from '../lib/run-tool.ts';
import { cleanText } from '../lib/text.ts';
import type { PipelineContext } from '../model/context.ts';
import type { Rights } from '../model/template.ts';
import { docker, engineAddress, engineError } from './docker.ts';

interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly rights: Rights;
  /** Ports of the container, each put on a free port of this machine's loopback address. */
  readonly ports: readonly number[];
  readonly env: readonly string[];
  readonly quickHealth: boolean;
  readonly newPrivileges?: boolean;
  readonly options?: readonly string[];
  readonly command?: readonly string[];
}

export type ContainerState = NonNullable<ReturnType<typeof parseContainerState>>;

/** More processes than this no service needs that is asked a single question. */
const PIDS_LIMIT = 1024;
const CALL_MS = 60_000;
const LOG_LINES = 40;
const LOG_CHARS = 8192;

/** Creates a container without new privileges, with the capabilities of `rights` alone. */
export function createArguments(spec: ContainerSpec): readonly string[] {
  return [
    ...['create', '--name', spec.name, '--pull', 'never'],
    ...(spec.newPrivileges === true ? [] : ['--security-opt', 'no-new-privileges']),
    ...['--pids-limit', String(PIDS_LIMIT)],
    ...(spec.rights === 'none' ? ['--cap-drop', 'ALL'] : []),
    ...spec.ports.flatMap((port) => ['--publish', `127.0.0.1::${port}`]),
    ...spec.env.flatMap((variable) => ['--env', variable]),
    ...(spec.quickHealth ? ['--health-interval', '1s'] : []),
    ...(spec.options ?? []),
    spec.image,
    ...(spec.command ?? []),
  ];
}

/** Not to be aborted, so that removing it by name misses none. Throws UserError or ToolError. */
async function must(
  run: RunTool,
  args: readonly string[],
  what: string,
  more?: Pick<ToolRun, 'stdin'>,
): Promise<void> {
  const result = await docker(run, args, undefined, more);
  if (result.exitCode !== 0) throw toolFailure(result, `docker could not ${what}`);
}

export function createContainer(run: RunTool, spec: ContainerSpec): Promise<void> {
  return must(run, createArguments(spec), 'make a container of the image');
}

export async function startContainer(
  run: RunTool,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const result = await docker(run, ['start', name], signal);
  return result.exitCode === 0 ? undefined : cleanText(result.stderr).trim();
}

export async function containerState(
  run: RunTool,
  name: string,
  signal: AbortSignal,
): Promise<ContainerState> {
  const words = ['container', 'inspect', '--format', STATE_FORMAT, name];
  const result = await docker(run, words, signal);
  const state = result.exitCode === 0 ? parseContainerState(result.stdout) : undefined;
  if (state === undefined) throw engineError(result.stderr);
  return state;
}

const STATE_FORMAT = '{"state":{{json .State}},"ports":{{json .NetworkSettings.Ports}}}';

export function parseContainerState(stdout: string) {
  const found = parseJson(stdout);
  const state = field(found, 'state');
  if (!isObject(state)) return undefined;
  const health = field(state, 'Health');
  const ports = field(found, 'ports');
  return {
    running: field(state, 'Running') === true,
    exitCode: numberField(state, 'ExitCode') ?? 0,
    /** Undefined without a HEALTHCHECK. */
    health: (['starting', 'healthy', 'unhealthy'] as const).find(
      (one) => one === textField(health, 'Status'),
    ),
    healthOutput: cleanText(textField(listField(health, 'Log').at(-1), 'Output') ?? '').trim(),
    /** Ports of the container, each with the port of this machine that is forwarded to it. */
    published: Object.fromEntries(
      Object.keys(isObject(ports) ? ports : {}).flatMap((name) => {
        const inside = /^(\d{1,5})\/tcp$/.exec(name)?.[1];
        const outside = Number(textField(listField(ports, name)[0], 'HostPort') ?? '');
        return inside === undefined || !(outside > 0) ? [] : [[Number(inside), outside]];
      }),
    ) as Readonly<Record<number, number>>,
  };
}

/** A docker call that is on the way out: not abortable, and judged by its caller. */
function call(run: RunTool, ...args: readonly string[]): Promise<ToolResult> {
  return run({ command: 'docker', args, timeoutMs: CALL_MS });
}

/** The end of what the container printed, cleaned; empty where it cannot be had. */
export async function containerLog(run: RunTool, name: string): Promise<string> {
  const result = await call(run, 'logs', '--tail', String(LOG_LINES), name);
  return result.ended === 'exit' ? printed(result, LOG_CHARS) : '';
}

/** Removes a container with its anonymous volumes. True where it is gone, or never was. */
export async function removeContainer(run: RunTool, name: string): Promise<boolean> {
  const result = await call(run, 'rm', '--force', '--volumes', name);
  return (
    result.ended === 'exit' && (result.exitCode === 0 || /no such container/i.test(result.stderr))
  );
}

export async function stopContainer(run: RunTool, name: string): Promise<void> {
  await call(run, 'stop', '--time', '10', name);
}

/** Runs a program there; undefined if it ended with 0, else what it printed. Throws Interrupted. */
export async function execInContainer(
  run: RunTool,
  name: string,
  command: readonly string[],
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const result = await run({ command: 'docker', args: ['exec', name, ...command], ...limits });
  return failureOf(result, 'docker exec', LOG_CHARS);
}

/** Removes a tag, and its image if this is the only tag; does nothing if there is none. */
export async function removeLocalTag(run: RunTool, tag: string): Promise<void> {
  await call(run, 'rmi', tag);
}

export function createVolume(run: RunTool, name: string): Promise<void> {
  return must(run, ['volume', 'create', name], 'make a volume');
}

export function copyIntoContainer(
  run: RunTool,
  archive: Uint8Array,
  target: string,
): Promise<void> {
  return must(run, ['cp', '-', target], 'copy into a container', { stdin: archive });
}

/** Ends the copy at its first bytes, since the file may be large. */
export async function hasFile(run: RunTool, container: string, path: string): Promise<boolean> {
  const enough = new AbortController();
  let isThere = false;
  await run({
    command: 'docker',
    args: ['cp', `${container}:${path}`, '-'],
    onStdout: () => {
      isThere = true;
      enough.abort();
      return Promise.resolve();
    },
    timeoutMs: CALL_MS,
    signal: enough.signal,
  });
  return isThere;
}

/** Makes an image of what a container has, under a tag. */
export function commitContainer(run: RunTool, name: string, tag: string): Promise<void> {
  return must(run, ['commit', name, tag], 'make an image of a container');
}

export async function removeVolume(run: RunTool, name: string): Promise<boolean> {
  const result = await call(run, 'volume', 'rm', '--force', name);
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

export type ImageService = ReturnType<typeof parseImageService>;

/** Reads it from Docker's store. Throws UserError if Docker does not answer or lacks the image. */
export async function imageService(
  run: RunTool,
  image: string,
  signal: AbortSignal,
): Promise<ImageService> {
  const words = ['image', 'inspect', '--format', '{{json .Config}}', image];
  const result = await docker(run, words, signal);
  if (result.exitCode !== 0) throw engineError(result.stderr);
  return parseImageService(result.stdout);
}

export function parseImageService(stdout: string) {
  const config = parseJson(stdout);
  const exposed = field(config, 'ExposedPorts');
  const volumes = field(config, 'Volumes');
  const ports = Object.keys(isObject(exposed) ? exposed : {}).flatMap((name) => {
    const port = Number(/^(\d{1,5})(?:\/tcp)?$/.exec(name)?.[1] ?? '');
    return port > 0 && port < 65_536 ? [port] : [];
  });
  const words = (value: unknown, name: string): readonly string[] =>
    listField(value, name).filter((one) => typeof one === 'string');
  const [kind, ...test] = words(field(config, 'Healthcheck'), 'Test');
  const own = words(config, 'Shell');
  const shell = own.length > 0 ? own : ['/bin/sh', '-c'];
  const asked = kind === 'CMD' ? test : kind === 'CMD-SHELL' ? [...shell, ...test] : [];
  return {
    ports: ports.sort((a, b) => a - b) as readonly number[],
    hasHealthcheck: kind !== undefined && kind !== '' && kind !== 'NONE',
    healthcheck: asked as readonly string[],
    program: [...words(config, 'Entrypoint'), ...words(config, 'Cmd')] as readonly string[],
    env: words(config, 'Env'),
    volumes: Object.keys(isObject(volumes) ? volumes : {}) as readonly string[],
  };
}

interface SmokePlace {
  readonly container: string;
  readonly image: string;
  readonly port: number | undefined;
}

const OUTPUT_CHARS = 4096;

/** Runs the user's command by `sh -c`; undefined if it ended with 0, else the end of its output. */
export async function runSmokeCommand(
  run: RunTool,
  command: string,
  { container, image, port }: SmokePlace,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly cwd: string },
): Promise<string | undefined> {
  const at =
    port === undefined
      ? {}
      : { SCOVILLE_PORT: String(port), SCOVILLE_URL: `http://127.0.0.1:${port}` };
  const env = { SCOVILLE_CONTAINER: container, SCOVILLE_IMAGE: image, ...at };
  const result = await run({ command: 'sh', args: ['-c', command], env, ...limits });
  if (result.ended === 'not-found')
    throw new UserError('no sh on PATH, which runs the smoke command');
  return failureOf(result, 'the smoke command', OUTPUT_CHARS);
}

/** Undefined where a program ended with 0, else the end of its output and why. */
function failureOf(result: ToolResult, what: string, longest: number): string | undefined {
  if (result.ended === 'aborted') throw new Interrupted(`${what} was interrupted`);
  if (result.ended === 'exit' && result.exitCode === 0) return undefined;
  const why =
    result.ended === 'exit'
      ? `exit code ${result.exitCode}`
      : result.ended === 'signal'
        ? `ended by ${result.signal}`
        : 'it took too long and was stopped';
  const text = result.ended === 'not-found' ? '' : printed(result, longest);
  return text === '' ? why : `${text}\n${why}`;
}

function printed(
  { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
  longest: number,
): string {
  return cleanText(`${stdout}${stderr}`).trim().slice(-longest);
}

/** Throws UserError for an engine elsewhere: published ports are on its loopback address. */
export async function requirePorts(
  { run, signal }: Pick<PipelineContext, 'run' | 'signal'>,
  ports: readonly number[],
): Promise<void> {
  if (ports.length === 0) return;
  const address = await engineAddress(run, signal);
  if (address === undefined || isHere(address)) return;
  throw new UserError(
    `the Docker engine is on another machine (${address}): the container’s port ${String(ports[0])} cannot be asked from here`,
    {
      nextStep:
        'run this on that machine; a HEALTHCHECK and commands in the container (run) work from here too',
    },
  );
}

function isHere(address: string): boolean {
  if (!/^(?:tcp|https?|ssh):/.test(address)) return true;
  return /^(?:tcp|https?):\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?:[:/]|$)/.test(address);
}

const PAUSE_MS = 250;

/** Result of an attempt: `answered`, words of something that may yet answer, or a final failure. */
export type Attempt = 'answered' | { readonly said: string } | { readonly failure: string };

interface Waited {
  readonly failure: string | undefined;
  readonly exitCode?: number;
}

/** Tries until a container answers or ends, or the deadline (ms since 1970). Throws Interrupted. */
export async function untilAnswered(
  context: PipelineContext,
  name: string,
  attempt: (state: ContainerState) => Promise<Attempt>,
  deadline: number,
): Promise<Waited> {
  for (let said = ''; ;) {
    const state = await containerState(context.run, name, context.signal);
    const words = said === '' ? '' : ` (${said})`;
    if (!state.running)
      return {
        failure: `the container ended with exit code ${state.exitCode}${words}`,
        exitCode: state.exitCode,
      };
    const shown = await attempt(state);
    if (shown === 'answered') return { failure: undefined };
    if ('failure' in shown) return shown;
    said = shown.said === '' ? said : shown.said;
    if (context.now() >= deadline)
      return { failure: `no answer in time${said === '' ? '' : `: ${said}`}` };
    await pause(context);
  }
}

export async function pause({ signal }: PipelineContext): Promise<void> {
  await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  if (signal.aborted) throw new Interrupted('waiting for the container was interrupted');
}

/** Removes a container of ours; where that fails, a warning names the command that does it. */
export async function dropContainer(
  { run, emit }: Pick<PipelineContext, 'run' | 'emit'>,
  name: string,
): Promise<void> {
  if (await removeContainer(run, name)) return;
  emit({
    kind: 'warning',
    text: `the container ${name} could not be removed`,
    nextStep: `docker rm --force --volumes ${name}`,
  });
}
