import { cleanText } from '../../model/clean-text.ts';
import { UserError } from '../../model/errors.ts';
import { field, isObject, listField, parseJson, textField } from '../../model/json-value.ts';
import { lookup } from '../../model/lookup.ts';
import type { RunTool, ToolRun } from '../../model/run.ts';
import { type Completed, completed } from '../completed-run.ts';

/** In milliseconds, of a call that moves no image. */
const CALL_MS = 60_000;

/** Runs docker to its own end. Throws as `completed` does. */
export function docker(
  run: RunTool,
  args: readonly string[],
  signal?: AbortSignal,
  more: Partial<ToolRun> = {},
): Promise<Completed> {
  const ends = signal === undefined ? {} : { signal };
  return completed(run, 'docker', {
    command: 'docker',
    args,
    timeoutMs: CALL_MS,
    ...ends,
    ...more,
  });
}

/** The engine that `docker` talks to. */
export interface DockerInfo {
  readonly serverVersion: string;
  /** Images live in containerd's store, which has an OCI exporter and keeps attestations. */
  readonly containerdStore: boolean;
  readonly os: string;
  /** As in an OCI platform: `amd64`, `arm64`. */
  readonly architecture: string;
  /** Docker's context, whose name its own builder has; not there where docker does not tell. */
  readonly context?: string;
  /** What confines containers: `name=apparmor`, `name=seccomp,profile=builtin`. */
  readonly security?: readonly string[];
  /** The buildx that `docker buildx` starts; not there where docker does not tell. */
  readonly buildx?: { readonly path: string; readonly version: string };
}

const INFO_FORMAT =
  '{"version":{{json .ServerVersion}},"status":{{json .DriverStatus}},"os":{{json .OSType}},"arch":{{json .Architecture}},"context":{{json .ClientInfo.Context}},"security":{{json .SecurityOptions}},"plugins":{{json .ClientInfo.Plugins}}}';

/** Names the kernel has for processors, and OCI's. */
const ARCHITECTURES = lookup<string>({
  x86_64: 'amd64',
  aarch64: 'arm64',
  armv7l: 'arm',
  i686: '386',
});

/**
 * Asks the engine what it is. Throws UserError with the next step where there is no docker, no
 * engine behind it, or no permission to talk to it.
 */
export async function dockerInfo(run: RunTool, signal?: AbortSignal): Promise<DockerInfo> {
  const begun = asked.get(run);
  // Once: a later question may have another answer.
  asked.delete(run);
  return begun ?? askInfo(run, signal);
}

const asked = new WeakMap<RunTool, Promise<DockerInfo>>();

/** Starts the next `dockerInfo` of this runner early: docker is slow, and code loads meanwhile. */
export function beginDockerInfo(run: RunTool, signal: AbortSignal): void {
  const begun = askInfo(run, signal);
  begun.catch(() => undefined);
  asked.set(run, begun);
}

async function askInfo(run: RunTool, signal?: AbortSignal): Promise<DockerInfo> {
  const result = await docker(run, ['info', '--format', INFO_FORMAT], signal);
  const info = parseDockerInfo(result.stdout);
  // `docker info` prints an empty answer, and ends with 0, where no engine answers.
  if (info === undefined) throw engineError(result.stderr);
  return info;
}

/**
 * The engine's address, from `DOCKER_HOST` or the context: `unix:///var/run/docker.sock`; undefined
 * if docker does not give it.
 */
export async function engineAddress(
  run: RunTool,
  signal: AbortSignal,
): Promise<string | undefined> {
  const result = await docker(
    run,
    ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'],
    signal,
  );
  const address = result.exitCode === 0 ? cleanText(result.stdout).trim() : '';
  return address === '' ? undefined : address;
}

/** Reads the answer to INFO_FORMAT; undefined where no engine gave one. */
function parseDockerInfo(stdout: string): DockerInfo | undefined {
  const info = parseJson(stdout);
  if (!isObject(info)) return undefined;
  const serverVersion = textField(info, 'version');
  if (serverVersion === undefined || serverVersion === '') return undefined;
  const status = field(info, 'status');
  const architecture = textField(info, 'arch') ?? '';
  const context = textField(info, 'context');
  const buildx = pluginOf(listField(info, 'plugins'), 'buildx');
  const security = listField(info, 'security').filter((one) => typeof one === 'string');
  return {
    serverVersion,
    containerdStore:
      Array.isArray(status) &&
      status.some(
        (row: unknown) => Array.isArray(row) && row[1] === 'io.containerd.snapshotter.v1',
      ),
    os: textField(info, 'os') ?? 'linux',
    architecture: ARCHITECTURES[architecture] ?? architecture,
    ...(context === undefined ? {} : { context }),
    ...(security.length === 0 ? {} : { security }),
    ...(buildx === undefined ? {} : { buildx }),
  };
}

/** A plugin as docker lists it; undefined where it could not be run. */
function pluginOf(listed: readonly unknown[], name: string): DockerInfo['buildx'] {
  const plugin = listed.find((one) => textField(one, 'Name') === name);
  const path = textField(plugin, 'Path');
  const version = textField(plugin, 'Version');
  return path === undefined || version === undefined ? undefined : { path, version };
}

/** What a failed call to the engine means, and what fixes it. */
export function engineError(stderr: string): UserError {
  const text = cleanText(stderr).trim();
  const said = text.split('\n').at(-1) ?? '';
  // Docker's words on it end in the name of a file that is not there.
  if (/context not found/i.test(text))
    return new UserError(said.replace(/: open .*/, ''), { nextStep: 'docker context ls' });
  if (/permission denied/i.test(text))
    return new UserError('you may not talk to the Docker engine', {
      nextStep: 'sudo usermod -aG docker "$USER", then log in again (or run as root)',
      cause: new Error(said),
    });
  if (/cannot connect|is the docker daemon running|connection refused|no such file/i.test(text))
    return cannotConnect(text, said);
  return new UserError(`the Docker engine cannot be asked: ${said || 'it gave no answer'}`, {
    nextStep: 'docker info',
  });
}

/** Names the address that was tried: if it is not this machine's, it is usually wrong. */
function cannotConnect(text: string, said: string): UserError {
  const [, address] =
    /\bat ((?:unix|tcp|ssh|npipe|https?):\/\/\S+?)[.;,]?(?:\s|$)/.exec(text) ?? [];
  const isHere = address === undefined || address.startsWith('unix:');
  return new UserError(`cannot connect to Docker${address === undefined ? '' : ` at ${address}`}`, {
    nextStep: isHere
      ? 'start Docker: sudo systemctl start docker, or Docker Desktop'
      : 'check that it listens there; the address is of DOCKER_HOST or the context (docker context ls)',
    cause: new Error(said),
  });
}

/** For a Docker whose image store has no OCI exporter. */
export function oldStoreError(): UserError {
  return new UserError("this Docker's image store cannot export OCI layouts", {
    nextStep:
      'turn on the containerd image store: {"features":{"containerd-snapshotter":true}} in /etc/docker/daemon.json, then restart Docker (Docker Desktop: Settings, General); or make a builder: docker buildx create --use',
  });
}
