import { cleanText } from '../../model/clean-text.ts';
import { Interrupted } from '../../model/errors.ts';
import {
  field,
  isObject,
  listField,
  numberField,
  parseJson,
  textField,
} from '../../model/json-value.ts';
import type { RunTool } from '../../model/run.ts';
import type { Rights } from '../../model/smoke.ts';
import { toolFailure } from '../tool-failure.ts';
import { docker, engineError } from './docker.ts';

/** A container that is about to be made. */
interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly rights: Rights;
  /** Ports of the container, each put on a free port of this machine's loopback address. */
  readonly ports: readonly number[];
  /** `NAME=VALUE` or `NAME`. */
  readonly env: readonly string[];
  /** Ask the image's HEALTHCHECK each second. */
  readonly quickHealth: boolean;
  /** Leave out no-new-privileges, as `docker run` does. */
  readonly newPrivileges?: boolean;
  /** More options of `docker create`. */
  readonly options?: readonly string[];
  /** Arguments of the entry point, in place of the image's CMD. */
  readonly command?: readonly string[];
}

/** What a container is at. */
export interface ContainerState {
  readonly running: boolean;
  readonly exitCode: number;
  /** Undefined where the image has no HEALTHCHECK. */
  readonly health: 'starting' | 'healthy' | 'unhealthy' | undefined;
  /** What the HEALTHCHECK printed last. */
  readonly healthOutput: string;
  /** Ports of the container with the port of this machine that leads to each. */
  readonly published: Readonly<Record<number, number>>;
}

/** More processes than this no service needs that is asked a single question. */
const PIDS_LIMIT = 1024;
const CALL_MS = 60_000;
const LOG_LINES = 40;
const LOG_CHARS = 8192;

/**
 * The arguments that create the container: no new privileges, and only the capabilities of
 * `rights`. It is not started, and nothing is pulled.
 */
export function createArguments(spec: ContainerSpec): readonly string[] {
  return [
    'create',
    '--name',
    spec.name,
    '--pull',
    'never',
    ...(spec.newPrivileges === true ? [] : ['--security-opt', 'no-new-privileges']),
    '--pids-limit',
    String(PIDS_LIMIT),
    ...(spec.rights === 'none' ? ['--cap-drop', 'ALL'] : []),
    ...spec.ports.flatMap((port) => ['--publish', `127.0.0.1::${port}`]),
    ...spec.env.flatMap((variable) => ['--env', variable]),
    ...(spec.quickHealth ? ['--health-interval', '1s'] : []),
    ...(spec.options ?? []),
    spec.image,
    ...(spec.command ?? []),
  ];
}

/**
 * Creates a container. It cannot be aborted, so a caller that removes the container by name misses
 * none. Throws UserError or ToolError.
 */
export async function createContainer(run: RunTool, spec: ContainerSpec): Promise<void> {
  const result = await docker(run, createArguments(spec));
  if (result.exitCode !== 0)
    throw toolFailure(result, 'docker could not make a container of the image');
}

/** Starts a container; gives why it did not start, undefined where it did. */
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
  const result = await docker(
    run,
    ['container', 'inspect', '--format', STATE_FORMAT, name],
    signal,
  );
  const state = result.exitCode === 0 ? parseContainerState(result.stdout) : undefined;
  if (state === undefined) throw engineError(result.stderr);
  return state;
}

const STATE_FORMAT = '{"state":{{json .State}},"ports":{{json .NetworkSettings.Ports}}}';

/** Reads the answer to STATE_FORMAT; undefined where it is none. */
export function parseContainerState(stdout: string): ContainerState | undefined {
  const found = parseJson(stdout);
  const state = field(found, 'state');
  if (!isObject(state)) return undefined;
  const health = field(state, 'Health');
  const status = textField(health, 'Status');
  return {
    running: field(state, 'Running') === true,
    exitCode: numberField(state, 'ExitCode') ?? 0,
    health:
      status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : undefined,
    healthOutput: cleanText(textField(listField(health, 'Log').at(-1), 'Output') ?? '').trim(),
    published: publishedPorts(field(found, 'ports')),
  };
}

function publishedPorts(ports: unknown): Readonly<Record<number, number>> {
  if (!isObject(ports)) return {};
  return Object.fromEntries(
    Object.keys(ports).flatMap((name) => {
      const inside = /^(\d{1,5})\/tcp$/.exec(name)?.[1];
      const outside = Number(textField(listField(ports, name)[0], 'HostPort') ?? '');
      return inside === undefined || !(outside > 0) ? [] : [[Number(inside), outside]];
    }),
  );
}

/** The end of what the container printed, cleaned; empty where it cannot be had. */
export async function containerLog(run: RunTool, name: string): Promise<string> {
  const result = await run({
    command: 'docker',
    args: ['logs', '--tail', String(LOG_LINES), name],
    timeoutMs: CALL_MS,
  });
  if (result.ended !== 'exit') return '';
  return cleanText(`${result.stdout}${result.stderr}`).trim().slice(-LOG_CHARS);
}

/**
 * Removes a container with its anonymous volumes, running or not, also after an abort. True where
 * it is gone. A container that never was is gone too.
 */
export async function removeContainer(run: RunTool, name: string): Promise<boolean> {
  const result = await run({
    command: 'docker',
    args: ['rm', '--force', '--volumes', name],
    timeoutMs: CALL_MS,
  });
  return (
    result.ended === 'exit' && (result.exitCode === 0 || /no such container/i.test(result.stderr))
  );
}

/**
 * Stops a container by its own stop signal, and kills it after ten seconds. Not abortable: it is on
 * the way to being removed.
 */
export async function stopContainer(run: RunTool, name: string): Promise<void> {
  await run({ command: 'docker', args: ['stop', '--time', '10', name], timeoutMs: CALL_MS });
}

/**
 * Runs a program in a running container. Returns undefined if it ended with 0, else the end of what
 * it printed. Throws Interrupted.
 */
export async function execInContainer(
  run: RunTool,
  name: string,
  command: readonly string[],
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const result = await run({ command: 'docker', args: ['exec', name, ...command], ...limits });
  if (result.ended === 'aborted') throw new Interrupted('docker exec was interrupted');
  if (result.ended === 'exit' && result.exitCode === 0) return undefined;
  if (result.ended !== 'exit') return 'it took too long and was stopped';
  const text = cleanText(`${result.stdout}${result.stderr}`).trim().slice(-LOG_CHARS);
  return text === '' ? `exit code ${result.exitCode}` : `${text}\nexit code ${result.exitCode}`;
}

/** Removes a tag, and its image if this is the only tag; does nothing if there is none. */
export async function removeLocalTag(run: RunTool, tag: string): Promise<void> {
  await run({ command: 'docker', args: ['rmi', tag], timeoutMs: CALL_MS });
}
