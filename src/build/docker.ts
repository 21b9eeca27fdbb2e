import { lookup as lookupOfEngineRegistries } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { err, ok, type Result, UserError } from '../lib/errors.ts';
import { field, given, isObject, listField, lookup, parseJson, textField } from '../lib/json.ts';
import { inParallel } from '../lib/parallel.ts';
import { type Completed, completed } from '../lib/run-result.ts';
import type { RunTool, ToolRun } from '../lib/run-tool.ts';
import { cleanText } from '../lib/text.ts';
import {
  type Digest,
  familiarReference,
  formatReference,
  isDigest,
  parseDigest,
  parseReference,
  withDefaultTag,
} from '../model/reference.ts';
import { askEngine, CALL_MS, type EngineAnswer } from './engine-api.ts';

/** Runs docker to its own end. Throws as `completed` does. */
export function docker(
  run: RunTool,
  args: readonly string[],
  signal?: AbortSignal,
  more: Partial<ToolRun> = {},
): Promise<Completed> {
  const ends = { timeoutMs: CALL_MS, ...given({ signal }) };
  return completed(run, 'docker', { command: 'docker', args, ...ends, ...more });
}

export type DockerInfo = EngineFacts & DockerClient;

type EngineFacts = NonNullable<ReturnType<typeof readEngine>>;

/** The part of `docker info` that docker knows without its engine. */
export type DockerClient = ReturnType<typeof readClient>;

/** The engine's facts as its API names them. */
const INFO_FORMAT = `{${[
  ...['ServerVersion', 'DriverStatus', 'OSType', 'Architecture', 'SecurityOptions'].map(
    (name) => `"${name}":{{json .${name}}}`,
  ),
  '"context":{{json .ClientInfo.Context}}',
  '"plugins":{{json .ClientInfo.Plugins}}',
].join()}}`;

const ARCHITECTURES = lookup<string>({
  x86_64: 'amd64',
  aarch64: 'arm64',
  armv7l: 'arm',
  i686: '386',
});

/** Asks the engine what it is. Throws UserError with the next step where it does not answer. */
export async function dockerInfo(run: RunTool, signal?: AbortSignal): Promise<DockerInfo> {
  const begun = asked.get(run);
  // Once: a later question may have another answer.
  asked.delete(run);
  return begun ?? askInfo(run, signal);
}

const asked = new WeakMap<RunTool, Promise<DockerInfo>>();

/** What was kept of the docker that is installed; undefined where it may have changed. */
export interface KeptClient {
  get(): Promise<DockerClient | undefined>;
  set(client: DockerClient): Promise<void>;
}

/** Starts the next `dockerInfo` of this runner early, since code loads meanwhile. */
export function beginDockerInfo(run: RunTool, signal: AbortSignal, kept: KeptClient): void {
  const begun = infoByKept(run, signal, kept);
  begun.catch(() => undefined);
  asked.set(run, begun);
}

/** Asks the engine alone where docker is known: it starts each of its plugins to say what it is. */
async function infoByKept(
  run: RunTool,
  signal: AbortSignal,
  kept: KeptClient,
): Promise<DockerInfo> {
  const client = await kept.get();
  const answer = client && (await askEngine(run, { method: 'GET', path: '/info' }, signal));
  const engine =
    answer?.ok === true && answer.value.status === 200
      ? readEngine(parseJson(answer.value.text))
      : undefined;
  if (client !== undefined && engine !== undefined) return { ...engine, ...client };
  const info = await askInfo(run, signal);
  const { context, buildx, scoville } = info;
  await kept.set(given({ context, buildx, scoville }));
  return info;
}

async function askInfo(run: RunTool, signal?: AbortSignal): Promise<DockerInfo> {
  const result = await docker(run, ['info', '--format', INFO_FORMAT], signal);
  const info = parseJson(result.stdout);
  const engine = readEngine(info);
  // `docker info` prints an empty answer, and ends with 0, where no engine answers.
  if (engine === undefined) throw engineError(result.stderr);
  return { ...engine, ...readClient(info) };
}

/** The engine's address, `unix:///var/run/docker.sock`; undefined if docker does not give it. */
export async function engineAddress(
  run: RunTool,
  signal: AbortSignal,
): Promise<string | undefined> {
  const words = ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'];
  const result = await docker(run, words, signal);
  const address = result.exitCode === 0 ? cleanText(result.stdout).trim() : '';
  return address === '' ? undefined : address;
}

function readEngine(info: unknown) {
  const serverVersion = textField(info, 'ServerVersion') ?? '';
  if (serverVersion === '') return undefined;
  const architecture = textField(info, 'Architecture') ?? '';
  const security = textsField(info, 'SecurityOptions');
  return {
    serverVersion,
    /** Images live in containerd's store, which has an OCI exporter and keeps attestations. */
    containerdStore: listField(info, 'DriverStatus').some(
      (row) => Array.isArray(row) && row[1] === 'io.containerd.snapshotter.v1',
    ),
    os: textField(info, 'OSType') ?? 'linux',
    architecture: ARCHITECTURES[architecture] ?? architecture,
    /** What confines containers: `name=apparmor`, `name=seccomp,profile=builtin`. */
    ...given({ security: security.length === 0 ? undefined : security }),
  };
}

function readClient(info: unknown) {
  const plugins = listField(info, 'plugins');
  return given({
    /** Docker's context: its own builder has the same name. Missing where it is not named. */
    context: textField(info, 'context'),
    /** The buildx that `docker buildx` starts; missing where docker does not say. */
    buildx: pluginOf(plugins, 'buildx'),
    /** Our own plugin, wherever Docker finds it. */
    scoville: pluginOf(plugins, 'scoville'),
  });
}

function pluginOf(listed: readonly unknown[], name: string) {
  const plugin = listed.find((one) => textField(one, 'Name') === name);
  const path = textField(plugin, 'Path');
  const version = textField(plugin, 'Version');
  return path === undefined || version === undefined ? undefined : { path, version };
}

function textsField(value: unknown, name: string): readonly string[] {
  return listField(value, name).filter((one) => typeof one === 'string');
}

export function engineError(stderr: string): UserError {
  const text = cleanText(stderr).trim();
  const said = text.split('\n').at(-1) ?? '';
  // Docker's own message ends with the name of a missing file.
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

export function oldStoreError(): UserError {
  return new UserError("this Docker's image store cannot export OCI layouts", {
    nextStep:
      'turn on the containerd image store: {"features":{"containerd-snapshotter":true}} in /etc/docker/daemon.json, then restart Docker (Docker Desktop: Settings, General); or make a builder: docker buildx create --use',
  });
}

export type LocalImage = NonNullable<ReturnType<typeof localImage>>;

/** Looks images up in the engine's store; undefined for one it lacks. Throws UserError. */
export async function inspectLocalImages(
  run: RunTool,
  refs: readonly string[],
  signal?: AbortSignal,
): Promise<readonly (LocalImage | undefined)[]> {
  if (refs.length === 0) return [];
  const answers = await inParallel(refs, 4, (ref) =>
    askEngine(run, { method: 'GET', path: `/images/${inPath(ref)}/json` }, signal),
  );
  const known = answers.flatMap(answeredImage);
  if (known.length === refs.length) return known;
  const result = await docker(run, ['image', 'inspect', '--format', '{{json .}}', ...refs], signal);
  if (result.exitCode !== 0 && !/no such image|invalid reference/i.test(result.stderr))
    throw engineError(result.stderr);
  const images = result.stdout.split('\n').flatMap((line) => localImage(parseJson(line)) ?? []);
  if (images.length === refs.length) return images;
  return refs.map((ref) => images.find((image) => isNamed(image, ref)));
}

function inPath(ref: string): string {
  return ref.split('/').map(encodeURIComponent).join('/');
}

/** In a list, the image or that there is none; an empty list where docker is to be asked. */
function answeredImage(
  answer: Awaited<ReturnType<typeof askEngine>>,
): readonly (LocalImage | undefined)[] {
  if (answer?.ok !== true) return [];
  const { status, text } = answer.value;
  if (status === 404 && /no such image/i.test(text)) return [undefined];
  const image = status === 200 ? localImage(parseJson(text)) : undefined;
  return image === undefined ? [] : [image];
}

export async function tagImage(
  run: RunTool,
  id: Digest,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const reference = parseReference(name);
  if (reference.ok && reference.value.digest === undefined) {
    const { tag = 'latest', ...repo } = reference.value;
    const query = new URLSearchParams({ repo: formatReference(repo), tag }).toString();
    const call = { method: 'POST', path: `/images/${inPath(id)}/tag?${query}` } as const;
    const answer = await askEngine(run, call, signal);
    if (answer?.ok === true && answer.value.status === 201) return;
  }
  const result = await docker(run, ['tag', id, name], signal);
  if (result.exitCode !== 0) throw engineError(result.stderr);
}

/** Reads what the engine says of an image; docker prints it as it is. */
function localImage(value: unknown) {
  const id = parseDigest(textField(value, 'Id'));
  if (id === undefined) return undefined;
  return {
    /** With the containerd store the digest of its index or manifest, else of its config. */
    id,
    repoTags: textsField(value, 'RepoTags'),
    repoDigests: textsField(value, 'RepoDigests'),
    /** RFC 3339. */
    created: textField(value, 'Created'),
    architecture: textField(value, 'Architecture') ?? '',
    layers: listField(field(value, 'RootFS'), 'Layers').filter(isDigest),
  };
}

function isNamed(image: LocalImage, ref: string): boolean {
  if (image.id === ref) return true;
  const parsed = parseReference(ref);
  if (!parsed.ok) return false;
  // Of a name with tag and digest, the engine keeps the digest.
  const { tag, digest, ...name } = parsed.value;
  const wanted = familiarReference(
    digest === undefined ? withDefaultTag({ ...name, ...given({ tag }) }) : { ...name, digest },
  );
  return image.repoTags.includes(wanted) || image.repoDigests.includes(wanted);
}

/** Loads a tar into the engine; gives the names it loaded. Throws what the stream throws. */
export async function dockerLoad(
  run: RunTool,
  stream: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<Result<readonly string[], ReturnType<typeof loadFailure>>> {
  const call = { method: 'POST', path: '/images/load?quiet=1', body: stream } as const;
  const answer = await askEngine(run, call, signal);
  if (answer !== undefined)
    return answer.ok ? readLoaded(answer.value) : err(loadFailure(answer.error));
  const result = await docker(run, ['load'], signal, {
    stdin: stream,
    timeoutMs: { unlimited: 'an image may be of any size' },
  });
  return result.exitCode === 0 ? ok(loadedNames(result.stdout)) : err(loadFailure(result.stderr));
}

/** Reads messages in JSON, one a line, of which an error is the last. */
function readLoaded({ status, text }: EngineAnswer): Awaited<ReturnType<typeof dockerLoad>> {
  const messages = text.split('\n').map(parseJson);
  const errors = messages.flatMap(
    (one) => textField(one, 'error') ?? textField(one, status === 200 ? 'error' : 'message') ?? [],
  );
  const [error] = errors;
  if (status !== 200) return err(loadFailure(`Error response from daemon: ${error ?? status}`));
  if (error !== undefined) return err(loadFailure(error));
  return ok(loadedNames(messages.map((one) => textField(one, 'stream') ?? '').join('')));
}

/** Of `Loaded image: NAME` and `Loaded image ID: DIGEST`. */
function loadedNames(text: string): readonly string[] {
  const names = text.matchAll(/^Loaded image(?: ID)?: (\S+)\s*$/gm);
  return [...names].map(([, name = '']) => name);
}

/** `isMissing`: the stream left out a blob that the engine lacks; the full stream works. */
export function loadFailure(stderr: string) {
  const message = cleanText(stderr).trim().split('\n').at(-1) ?? '';
  const isMissing =
    /content digest sha256:[0-9a-f]{1,128}: not found|blob not found|content store.{0,900}not found/i.test(
      message,
    );
  return { isMissing, message: message === '' ? 'docker load failed' : message };
}

/** The engine's images: one by name or id, and `docker save`, chunk by chunk. Throws UserError. */
export function localImages(run: RunTool, signal?: AbortSignal) {
  const found = new Map<string, Promise<LocalImage | undefined>>();
  const find = (image: string): Promise<LocalImage | undefined> => {
    const known = found.get(image) ?? inspectLocalImages(run, [image], signal).then(([one]) => one);
    found.set(image, known);
    return known;
  };
  return {
    /** Asks once for each name. */
    find,
    save: (id: Digest, take: (chunk: Uint8Array) => Promise<void>) =>
      dockerSave(run, id, take, signal),
  };
}

async function dockerSave(
  run: RunTool,
  id: Digest,
  take: (chunk: Uint8Array) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const result = await docker(run, ['save', id], signal, {
    onStdout: take,
    timeoutMs: { unlimited: 'an image may be of any size' },
  });
  if (result.exitCode === 0) return;
  const said = cleanText(result.stderr).trim().split('\n').at(-1) ?? '';
  if (/no such image|reference does not exist/i.test(said))
    throw new UserError(`Docker no longer has the image ${id}`, {
      nextStep: 'docker image ls',
    });
  if (/cannot connect|permission denied|daemon running|connection refused/i.test(said))
    throw engineError(result.stderr);
  throw new UserError(`docker save failed: ${said || `exit code ${result.exitCode}`}`, {
    nextStep: `Check the engine: docker save ${id} > /dev/null`,
  });
}

/** The engine's address on the network of RUNs; undefined without one. Throws UserError. */
export async function bridgeAddress(
  run: RunTool,
  signal: AbortSignal,
): Promise<string | undefined> {
  const words = ['network', 'inspect', 'bridge', '--format', '{{json .IPAM.Config}}'];
  const result = await docker(run, words, signal);
  if (result.exitCode !== 0) {
    if (/not found/i.test(result.stderr)) return undefined;
    throw engineError(result.stderr);
  }
  const found = parseJson(result.stdout);
  const gateways = (Array.isArray(found) ? found : []).map((one) => textField(one, 'Gateway'));
  return gateways.find((address) => isIP(address ?? '') === 4);
}

export type EngineRegistries = ReturnType<typeof readEngineRegistries>;

type LookUp = (host: string) => Promise<readonly string[]>;

/** Asks the engine; without one no registry is treated otherwise. */
export async function engineRegistries(
  run: RunTool,
  signal?: AbortSignal,
  lookUp: LookUp = addressesOf,
): Promise<EngineRegistries> {
  const result = await run({
    command: 'docker',
    args: ['info', '--format', '{{json .RegistryConfig}}'],
    timeoutMs: 10_000,
    ...given({ signal }),
  });
  const config = result.ended === 'exit' && result.exitCode === 0 ? result.stdout : '{}';
  return readEngineRegistries(config, lookUp);
}

/** Reads what `docker info` prints of registries; what is not as expected counts as not there. */
export function readEngineRegistries(text: string, lookUp: LookUp) {
  const config = parseJson(text);
  const indexes = field(config, 'IndexConfigs');
  const blocks = textsField(config, 'InsecureRegistryCIDRs').map(blockOf);
  return {
    /** Addresses of mirrors of Docker Hub, in the order in which they are asked. */
    mirrors: textsField(config, 'Mirrors').flatMap((one) => mirrorUrl(one) ?? []),
    /** Whether it speaks to `HOST` or `HOST:PORT` without TLS that is verified. */
    isInsecure: async (registry: string): Promise<boolean> => {
      const index = isObject(indexes) && Object.hasOwn(indexes, registry) ? indexes[registry] : {};
      const isSecure = field(index, 'Secure');
      // A registry that is named goes before the blocks, as in the engine (moby,
      // registry/config.go).
      if (typeof isSecure === 'boolean') return !isSecure;
      const host = registry.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
      const addresses = isIP(host) === 0 ? await lookUp(host) : [host];
      return addresses.some((address) =>
        blocks.some((block) => block.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')),
      );
    },
  };
}

async function addressesOf(host: string): Promise<readonly string[]> {
  const found = await lookupOfEngineRegistries(host, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

function blockOf(cidr: string): BlockList {
  const block = new BlockList();
  const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(cidr) ?? [];
  const family = isIP(address);
  if (family !== 0 && Number(bits) <= (family === 4 ? 32 : 128))
    block.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return block;
}

/** The mirror's address, ending in `/v2/`; undefined with a user: a password would be printed. */
function mirrorUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '') return undefined;
  const path = url.pathname.replace(/(?<!\/)\/+$/, '');
  url.pathname = path.endsWith('/v2') ? `${path}/` : `${path}/v2/`;
  url.search = url.hash = '';
  return url;
}
