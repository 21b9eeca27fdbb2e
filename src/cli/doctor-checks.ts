import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { builderForOci, currentBuilder } from '../build/buildx.ts';
import { type DockerInfo, dockerInfo } from '../build/docker.ts';
import { formatProblem } from '../config/document.ts';
import { findSettingsFile, loadSettings } from '../config/find-settings.ts';
import { DEFAULT_SETTINGS } from '../config/schema.ts';
import { isThere } from '../image/disk.ts';
import { storeText } from '../image/layout/store.ts';
import { dockerCredentials } from '../image/registry/credentials.ts';
import type { canConnect } from '../lib/can-connect.ts';
import { Interrupted, messageOf, ToolError, UserError } from '../lib/errors.ts';
import { once } from '../lib/parallel.ts';
import { proxyOf } from '../lib/proxy.ts';
import type { RunTool } from '../lib/run-tool.ts';
import { bytesText } from '../lib/text.ts';
import { DAY_MS } from '../lib/time.ts';
import { MissingTool, type ToolName, TOOLS } from '../lib/tool-names.ts';
import {
  compareVersions,
  KNOWN_VERSIONS,
  type KnownTool,
  parseVersion,
  requireTool,
  unknownVersion,
} from '../lib/tool-versions.ts';
import { type PipelineContext, isCi } from '../model/context.ts';
import { shellWord } from '../model/dockerfile.ts';
import type { Settings } from '../model/settings.ts';
import { listDatabases } from '../scan/update-database.ts';
import { cosignDialect, publicKey } from '../trust/cosign.ts';
import { keyName } from '../trust/keys.ts';
import { tokenVariable } from '../trust/oidc.ts';
import { openToOthers, publicKeyOf } from '../trust/signer.ts';
import { cleanForTerminal } from '../ui/text.ts';
import { installedPlugins } from './plugin-install.ts';

export interface DoctorContext extends Pick<
  PipelineContext,
  'run' | 'env' | 'cwd' | 'paths' | 'now' | 'signal'
> {
  readonly platform: string;
  readonly nodeVersion: string;
  readonly connect: typeof canConnect;
}

interface Finding {
  /** `advice`: builds work without it, or soon will not. `optional`: nobody needs it. */
  readonly state: 'ok' | 'missing' | 'advice' | 'optional';
  readonly detail: string;
  readonly fix?: string;
}

interface Check {
  /** Stable: scripts read it. */
  readonly id: string;
  readonly title: string;
  /** No build works without it. */
  readonly required: boolean;
  /** May throw: that is a finding too. */
  readonly look: (about: DoctorContext) => Promise<Finding>;
  /** The tool to install where it throws, or the command that fixes it. */
  readonly fix?: ToolName | ((about: DoctorContext) => string);
}

export type CheckRow = Pick<Check, 'id' | 'title' | 'required'> & Finding;

/** Runs all checks at once; whatever one throws becomes its row. Throws Interrupted only. */
export function runChecks(
  checks: readonly Check[],
  about: DoctorContext,
): Promise<readonly CheckRow[]> {
  return Promise.all(
    checks.map(async ({ id, title, required, look, fix: by }) => {
      const { state, detail, fix } = await look(about).catch((thrown: unknown) => {
        if (thrown instanceof Interrupted || about.signal.aborted) throw thrown;
        const known = typeof by === 'string' ? installCommand(by, about.platform) : by?.(about);
        return faultOf(thrown, required ? 'missing' : 'advice', known);
      });
      // Details quote tools and files, which may contain anything.
      const lines = detail.split('\n').map(cleanForTerminal).join('\n');
      const row = { id, title, required, state, detail: lines };
      return fix === undefined || state === 'ok' ? row : { ...row, fix: cleanForTerminal(fix) };
    }),
  );
}

export function isFit(rows: readonly CheckRow[]): boolean {
  return !rows.some((r) => r.required && r.state === 'missing');
}

function ok(detail: string): Finding {
  return { state: 'ok', detail };
}

function missing(detail: string, fix?: string): Finding {
  return { state: 'missing', detail, ...(fix === undefined ? {} : { fix }) };
}

/** What was thrown as a finding, with the fix that it names itself where no other is given. */
function faultOf(thrown: unknown, state: Finding['state'] = 'missing', fix?: string): Finding {
  const isOurs = thrown instanceof UserError || thrown instanceof ToolError;
  return { ...missing(messageOf(thrown), fix ?? (isOurs ? thrown.nextStep : undefined)), state };
}

function installCommand(tool: ToolName, platform: string): string {
  const { debian, macos } = TOOLS[tool];
  if (platform === 'darwin') return macos;
  return debian.startsWith('apt-get ') ? `sudo ${debian}` : debian;
}

function versionText(tool: KnownTool, number: string | undefined): string {
  const unknown = unknownVersion(tool, number);
  const { oldest, newest } = KNOWN_VERSIONS[tool];
  const tried = unknown && `${unknown.is} than those tried (${oldest} to ${newest})`;
  return [number ?? 'version unknown', ...(tried === undefined ? [] : [tried])].join(', ');
}

/** Three checks ask the same engine; it is asked once for each runner. */
const engineOf = once((run: RunTool, signal: AbortSignal) => dockerInfo(run, signal));
const engine = ({ run, signal }: DoctorContext): Promise<DockerInfo> => engineOf(run, signal);

async function lookAtDocker(about: DoctorContext): Promise<Finding> {
  try {
    await requireTool(about.run, 'docker');
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    return faultOf(thrown, 'missing', installCommand('docker', about.platform));
  }
  const { serverVersion, os, architecture } = await engine(about);
  return ok(`${versionText('docker', parseVersion(serverVersion))}, ${os}/${architecture}`);
}

/** Without containerd's store only a builder of another driver can export an OCI layout. */
async function lookAtImageStore(about: DoctorContext): Promise<Finding> {
  const docker = await lookAtDocker(about);
  // What fixes the engine comes first; of its store nothing is known.
  if (docker.state !== 'ok') return docker;
  const info = await engine(about);
  if (info.containerdStore) return ok('on');
  const fix =
    about.platform === 'darwin'
      ? 'Docker Desktop: Settings, General, "Use containerd for pulling and storing images"'
      : 'add "features": {"containerd-snapshotter": true} to /etc/docker/daemon.json, then: sudo systemctl restart docker';
  try {
    const builder =
      (await builderForOci(about.run, info)) ?? (await currentBuilder(about.run)).name;
    return { state: 'advice', detail: `off; builds go to the builder ${builder}`, fix };
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    return missing(`off: ${thrown.message}`, fix);
  }
}

async function lookAtBuilder(about: DoctorContext): Promise<Finding> {
  const { run } = about;
  const tool = await buildx(about).catch((thrown: unknown) => thrown);
  if (tool instanceof UserError)
    return faultOf(tool, 'missing', installCommand('buildx', about.platform));
  const found = await currentBuilder(run).catch((thrown: unknown) => {
    if (thrown instanceof ToolError) return faultOf(thrown, 'missing', 'docker buildx use default');
    throw thrown;
  });
  if ('state' in found) return found;
  const { name, driver, running, platforms } = found;
  const gone = `${name} does not answer`;
  // A remote builder is not for buildx to start.
  if (driver === 'remote' && !running)
    return missing(gone, `docker buildx inspect ${name}; or: docker buildx use default`);
  // buildx says nothing more of a builder whose engine does not answer, or that was not started.
  if (driver === '') {
    await engine(about);
    return missing(gone, 'docker buildx inspect --bootstrap');
  }
  const shown = platforms.length > 4 ? [...platforms.slice(0, 4), '…'] : platforms;
  const started = running ? '' : ', not running yet';
  return ok(`${name} (${driver}${started}) ${shown.join(', ')}`.trim());
}

async function lookAtCosign({ run }: DoctorContext): Promise<Finding> {
  const [{ number }, { kind }] = await Promise.all([
    requireTool(run, 'cosign'),
    cosignDialect(run),
  ]);
  const how = kind === 'flags' ? 'by flags' : 'by signing config';
  return ok(`${versionText('cosign', number)}, sigstore bundles ${how}`);
}

const OSV_WAIT_MS = 3000;

/** One scanner is enough; without any, OSV is asked, which needs a network. */
async function lookAtScanner(about: DoctorContext): Promise<Finding> {
  const { run, platform, env, connect } = about;
  const asked = await Promise.allSettled(
    (['grype', 'trivy'] as const).map((tool) => requireTool(run, tool)),
  );
  const there = asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  if (there.length > 0)
    return ok(there.map(({ tool, number }) => `${tool} ${number ?? ''}`.trim()).join(', '));
  const fix = installCommand('grype', platform);
  const { osv, offline, databaseDays } = await settingsOf(about);
  const kept = await keptAdvisories(about, databaseDays);
  if (offline) return kept ?? missing('none installed, and offline: true is set', fix);
  const { host } = new URL(osv.url);
  const by = proxyOf(osv.url, env);
  const through = by === undefined ? '' : ` through ${by.variable} ${by.url.host}`;
  const reached = await connect(by?.url.origin ?? osv.url, OSV_WAIT_MS);
  return reached.ok
    ? { state: 'advice', detail: `none installed; ${host} is asked${through}`, fix }
    : (kept ??
        missing(`none installed, and no answer from ${host}${through}: ${reached.error}`, fix));
}

/** The databases of `scoville db`, which answer where OSV is not asked; undefined without any. */
async function keptAdvisories(
  about: DoctorContext,
  mostDays: number,
): Promise<Finding | undefined> {
  const dates = (await listDatabases(about)).flatMap(({ ecosystem, meta }) =>
    meta === undefined ? [] : [[ecosystem, meta.date] as const],
  );
  const names = dates.map(([ecosystem, date]) => `${ecosystem} of ${date.slice(0, 10)}`);
  const detail = `none installed; the advisories kept here are read: ${names.join(', ')}`;
  const isOld = dates.some(([, date]) => about.now() - Date.parse(date) > mostDays * DAY_MS);
  if (names.length === 0) return undefined;
  return isOld ? { state: 'advice', detail, fix: 'scoville db update' } : ok(detail);
}

/** Below this a build of a large image may fill the disk. */
const LOW_DISK = 5_000_000_000;

async function lookAtStore({ paths: { store } }: DoctorContext): Promise<Finding> {
  const there = await nearestPath(store);
  if (!(await stat(there)).isDirectory())
    return missing(
      `${there} is not a folder`,
      `mv ${shellWord(there)} ${shellWord(`${there}.old`)}`,
    );
  try {
    await access(there, constants.W_OK);
  } catch {
    return missing(`${there} is not writable for you`, `sudo chown -R "$USER" ${shellWord(there)}`);
  }
  const disk = await statfs(there);
  const free = disk.bavail * disk.bsize;
  const size = there === store ? await storeText(store) : `${store}, not there yet`;
  const detail = `${size}, ${bytesText(free)} free`;
  if (free >= LOW_DISK) return ok(detail);
  return {
    state: 'advice',
    detail: `${detail}, less than the ${bytesText(LOW_DISK)} that a large image takes`,
    fix: there === store ? 'scoville prune && docker builder prune' : 'docker builder prune',
  };
}

async function nearestPath(path: string): Promise<string> {
  const parent = dirname(path);
  return parent === path || (await isThere(path)) ? path : nearestPath(parent);
}

const MOST_PROBLEMS = 20;

function readSettings({ cwd, env, paths, now }: DoctorContext): ReturnType<typeof loadSettings> {
  return loadSettings(
    { named: undefined, startDir: cwd, userDir: paths.config, task: 'project' },
    { now: now(), isCi: isCi(env) },
  );
}

/** The defaults where a file is broken, which has its own check. */
async function settingsOf(about: DoctorContext): Promise<Settings> {
  const settings = await readSettings(about);
  return settings.ok ? settings.value : DEFAULT_SETTINGS;
}

async function lookAtSettings(about: DoctorContext): Promise<Finding> {
  const file = await findSettingsFile(about.cwd);
  if (file === undefined) return ok('none (using defaults)');
  const settings = await readSettings(about);
  if (settings.ok) return ok(file);
  return missing(
    settings.error.slice(0, MOST_PROBLEMS).map(formatProblem).join('\n'),
    `\${EDITOR:-vi} +${settings.error[0]?.line ?? 1} ${shellWord(file)}`,
  );
}

/** Reads Docker's configuration as a push would; a credential helper that it names must exist. */
async function lookAtDockerConfig({ paths, run, env }: DoctorContext): Promise<Finding> {
  let helper: string | undefined;
  const credentials = dockerCredentials(paths.dockerConfig, env, (name) => {
    helper = `docker-credential-${name}`;
    return Promise.resolve(undefined);
  });
  await credentials('docker.io');
  const file = join(paths.dockerConfig, 'config.json');
  if (helper === undefined)
    return (await isThere(file))
      ? ok(file)
      : { state: 'optional', detail: 'none (docker login HOST saves them)' };
  const answer = await run({ command: helper, args: ['version'], timeoutMs: 10_000 });
  if (answer.ended !== 'not-found') return ok(`${file}, ${helper}`);
  const detail = `${file} names ${helper}, which is not on PATH`;
  return { state: 'advice', detail, fix: 'docker login' };
}

/** The key that a build here would sign with, in the order in which the pipeline looks for one. */
async function lookAtSigning(about: DoctorContext): Promise<Finding> {
  const { sign } = await settingsOf(about);
  if (!sign.enabled) return ok('signing is off in the settings file');
  const { key } = sign;
  if (key !== undefined) {
    // Asking a KMS or a hardware key costs a network call or a touch.
    if (publicKeyOf(key) === undefined) return ok(`${keyName(key)} (not asked)`);
    if (await isThere(key)) return lookAtKey(about, key);
    return missing(
      `${key} is named in the settings file but does not exist`,
      `cosign generate-key-pair --output-key-prefix ${shellWord(key.replace(/\.key$/, ''))}`,
    );
  }
  if (sign.refusedKey !== undefined && !sign.keyless)
    return missing(
      `sign.key of ${sign.refusedKey} is not a file of the project: only you can name it`,
      'scoville build --key KEY',
    );
  const token = tokenVariable(about.env);
  if (sign.keyless || token !== undefined)
    return ok(`keyless, ${token ?? 'as the settings file asks'}`);
  const own = join(about.paths.config, 'keys', 'cosign.key');
  return (await isThere(own))
    ? lookAtKey(about, own)
    : ok(`none yet; the first build makes ${own}`);
}

/** Others must not read it, and cosign must be able to, with the password that a build has. */
async function lookAtKey(about: DoctorContext, path: string): Promise<Finding> {
  const open = await openToOthers(path);
  if (open !== undefined)
    return { state: open.isRefused ? 'missing' : 'advice', detail: open.what, fix: open.fix };
  try {
    await publicKey(about.run, path, about.env['COSIGN_PASSWORD'] ?? '');
  } catch (thrown) {
    // Without cosign nothing is known of the key; its own check says so.
    if (thrown instanceof ToolError || thrown instanceof MissingTool)
      return { state: 'advice', detail: `${path} is there; cosign could not be asked about it` };
    throw thrown;
  }
  return ok(path);
}

/** Whether `docker scoville` and `docker build` come here; only a fault if that was asked for. */
async function lookAtPlugin(about: DoctorContext): Promise<Finding> {
  const { command, builder } = await installedPlugins(about.paths.dockerConfig);
  if (builder === 'not-named')
    return {
      state: 'advice',
      detail: 'docker build went through scoville, and config.json names another builder since',
      fix: 'scoville install --replace-build',
    };
  if (builder === 'named') return ok('docker scoville, and docker build');
  // A package of the system puts it into a folder of its own.
  const elsewhere = command
    ? undefined
    : (await engine(about).catch(() => undefined))?.scoville?.path;
  if (elsewhere !== undefined) return ok(`docker scoville (${elsewhere})`);
  return command
    ? ok('docker scoville')
    : { state: 'optional', detail: 'not installed (optional: scoville install)' };
}

/** As `engines` in package.json says; a test keeps the two equal. */
export const OLDEST_NODE = '20.19.0';

function lookAtNode({ nodeVersion, platform }: DoctorContext): Promise<Finding> {
  const isNew = compareVersions(nodeVersion, OLDEST_NODE) >= 0;
  return Promise.resolve(
    isNew
      ? ok(nodeVersion)
      : missing(
          `${nodeVersion} is too old: ${OLDEST_NODE} or newer is needed`,
          platform === 'darwin' ? 'brew install node' : 'npx n lts',
        ),
  );
}

const buildx = async ({ run }: DoctorContext): Promise<Finding> =>
  ok(versionText('buildx', (await requireTool(run, 'buildx')).number));
const git = async ({ run }: DoctorContext): Promise<Finding> =>
  ok((await requireTool(run, 'git')).number ?? 'version unknown');
const editConfig = ({ paths }: DoctorContext): string =>
  `\${EDITOR:-vi} ${shellWord(join(paths.dockerConfig, 'config.json'))}`;

type Row = readonly [id: string, title: string, look: Check['look'], fix?: Check['fix']];

const ROWS: readonly Row[] = [
  ['node', 'Node.js', lookAtNode],
  ['docker', 'Docker engine', lookAtDocker],
  ['image-store', 'containerd image store', lookAtImageStore],
  ['buildx', 'docker buildx', buildx, 'buildx'],
  ['builder', 'builder', lookAtBuilder],
  ['cosign', 'cosign', lookAtCosign, 'cosign'],
  ['signing-key', 'signing key', lookAtSigning],
  ['git', 'git', git, 'git'],
  ['scanner', 'scanner (grype or trivy)', lookAtScanner],
  ['layout', 'image layout', lookAtStore],
  ['settings', 'settings file', lookAtSettings],
  ['docker-config', 'Docker credentials', lookAtDockerConfig, editConfig],
  ['docker-plugin', 'Docker plugin', lookAtPlugin, () => 'scoville install'],
];

const OPTIONAL = ['git', 'scanner', 'docker-plugin'];

export const CHECKS: readonly Check[] = ROWS.map(([id, title, look, fix]) => ({
  id,
  title,
  required: !OPTIONAL.includes(id),
  look,
  ...(fix === undefined ? {} : { fix }),
}));
