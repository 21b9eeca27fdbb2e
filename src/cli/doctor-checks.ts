import { builderForOci, currentBuilder } from '../build/buildx.ts';
import { type DockerInfo, dockerInfo } from '../build/docker.ts';
import { loadSettings } from '../config/find-settings.ts';
import { DEFAULT_SETTINGS } from '../config/schema.ts';
import { Interrupted, messageOf, type Result, ToolError, UserError } from '../lib/errors.ts';
import { once } from '../lib/parallel.ts';
import { proxyOf } from '../lib/proxy.ts';
import type { RunTool } from '../lib/run-tool.ts';
import { type ToolName, TOOLS } from '../lib/tool-names.ts';
import {
  compareVersions,
  KNOWN_VERSIONS,
  type KnownTool,
  parseVersion,
  requireTool,
  unknownVersion,
} from '../lib/tool-versions.ts';
import type { Paths } from '../model/context.ts';
import type { Settings } from '../model/settings.ts';
import { cosignDialect } from '../trust/cosign.ts';
import { cleanForTerminal } from '../ui/text.ts';

/** What the checks may ask. */
export interface DoctorContext {
  readonly run: RunTool;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly paths: Paths;
  /** As `process.platform`: decides which install command is shown. */
  readonly platform: string;
  /** As `process.versions.node`. */
  readonly nodeVersion: string;
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** Whether anything listens at the host of a URL; gives the reason where nothing does. */
  readonly connect: (url: string, ms: number) => Promise<Result<undefined>>;
}

/** `advice`: builds work without it, or soon will not. `optional`: missing, and nobody needs it. */
type CheckState = 'ok' | 'missing' | 'advice' | 'optional';

/** What one look found. */
export interface Finding {
  readonly state: CheckState;
  readonly detail: string;
  /** The one command that fixes it; for what is not ok. */
  readonly fix?: string;
}

/** One thing that `scoville doctor` looks at. */
export interface Check {
  /** Stable: scripts read it. */
  readonly id: string;
  readonly title: string;
  /** No build works without it. */
  readonly required: boolean;
  /** May throw: that is a finding too. */
  readonly look: (about: DoctorContext) => Promise<Finding>;
  /** What fixes it where the error that it threw names nothing. */
  readonly fix?: (about: DoctorContext) => string;
}

/** A check with what it found, in the order that `--json` prints. */
export type CheckRow = Pick<Check, 'id' | 'title' | 'required'> & Finding;

/** Runs all checks at once; whatever one throws becomes its row. Throws Interrupted only. */
export async function runChecks(
  checks: readonly Check[],
  about: DoctorContext,
): Promise<readonly CheckRow[]> {
  return Promise.all(
    checks.map(async (check) => {
      const { id, title, required } = check;
      const { state, detail, fix } = await check.look(about).catch((thrown: unknown) => {
        if (thrown instanceof Interrupted || about.signal.aborted) throw thrown;
        return faultOf(thrown, required ? 'missing' : 'advice', check.fix?.(about));
      });
      // Details quote tools and files, which may contain anything.
      const lines = detail.split('\n').map(cleanForTerminal).join('\n');
      const row = { id, title, required, state, detail: lines };
      return fix === undefined || state === 'ok' ? row : { ...row, fix: cleanForTerminal(fix) };
    }),
  );
}

export function readSettings({ cwd, paths, now }: DoctorContext): ReturnType<typeof loadSettings> {
  return loadSettings(
    { named: undefined, startDir: cwd, userDir: paths.config, task: 'project' },
    { now: now() },
  );
}

/** The same; the defaults where a file is broken, which has its own check. */
export async function projectSettings(about: DoctorContext): Promise<Settings> {
  const settings = await readSettings(about);
  return settings.ok ? settings.value : DEFAULT_SETTINGS;
}

/** True where nothing that a build needs is missing. */
export function isFit(rows: readonly CheckRow[]): boolean {
  return !rows.some((r) => r.required && r.state === 'missing');
}

/** What was thrown as a finding, with the fix that it names itself where no other is given. */
function faultOf(thrown: unknown, state: CheckState = 'missing', fix?: string): Finding {
  const isOurs = thrown instanceof UserError || thrown instanceof ToolError;
  const known = fix ?? (isOurs ? thrown.nextStep : undefined);
  return { state, detail: messageOf(thrown), ...(known === undefined ? {} : { fix: known }) };
}

const OSV_WAIT_MS = 3000;

/** As `engines` in package.json says; a test keeps the two equal. */
export const OLDEST_NODE = '20.19.0';

export const NODE_CHECK: Check = {
  id: 'node',
  title: 'Node.js',
  required: true,
  look: ({ nodeVersion, platform }) =>
    Promise.resolve(
      compareVersions(nodeVersion, OLDEST_NODE) >= 0
        ? { state: 'ok', detail: nodeVersion }
        : {
            state: 'missing',
            detail: `${nodeVersion} is too old: ${OLDEST_NODE} or newer is needed`,
            fix: platform === 'darwin' ? 'brew install node' : 'npx n lts',
          },
    ),
};

export const BUILDX_CHECK: Check = {
  id: 'buildx',
  title: 'docker buildx',
  required: true,
  look: (about) => versionOf(about, 'buildx'),
  fix: (about) => installCommand('buildx', about.platform),
};

export const COSIGN_CHECK: Check = {
  id: 'cosign',
  title: 'cosign',
  required: true,
  look: async ({ run }) => {
    const [{ number }, { kind }] = await Promise.all([
      requireTool(run, 'cosign'),
      cosignDialect(run),
    ]);
    const how = kind === 'flags' ? 'by flags' : 'by signing config';
    const versions = [number ?? 'version unknown', ...triedText('cosign', number)].join(', ');
    return { state: 'ok', detail: `${versions}, sigstore bundles ${how}` };
  },
  fix: (about) => installCommand('cosign', about.platform),
};

export const GIT_CHECK: Check = {
  id: 'git',
  title: 'git',
  required: false,
  look: (about) => versionOf(about, 'git'),
  fix: (about) => installCommand('git', about.platform),
};

/** One scanner is enough; without any, OSV is asked, which needs a network. */
export const SCANNER_CHECK: Check = {
  id: 'scanner',
  title: 'scanner (grype or trivy)',
  required: false,
  look: async (about) => {
    const { run, platform } = about;
    const tools = ['grype', 'trivy'] as const;
    const asked = await Promise.allSettled(tools.map((tool) => requireTool(run, tool)));
    const there = asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    if (there.length === 0)
      return { ...(await osvInstead(about)), fix: installCommand('grype', platform) };
    const detail = there.map(({ tool, number }) => `${tool} ${number ?? ''}`.trim()).join(', ');
    return { state: 'ok', detail };
  },
};

/** Whether OSV is there to be asked; by its address, and by the proxy on the way to it. */
async function osvInstead(about: DoctorContext): Promise<Finding> {
  const { env, connect } = about;
  const { osv, offline } = await projectSettings(about);
  if (offline) return { state: 'missing', detail: 'none installed, and offline: true is set' };
  const { host } = new URL(osv.url);
  const by = proxyOf(osv.url, env);
  const through = by === undefined ? '' : ` through ${by.variable} ${by.url.host}`;
  const reached = await connect(by?.url.origin ?? osv.url, OSV_WAIT_MS);
  return reached.ok
    ? { state: 'advice', detail: `none installed; ${host} is asked${through}` }
    : {
        state: 'missing',
        detail: `none installed, and no answer from ${host}${through}: ${reached.error}`,
      };
}

export function installCommand(tool: ToolName, platform: string): string {
  const { debian, macos } = TOOLS[tool];
  if (platform === 'darwin') return macos;
  return debian.startsWith('apt-get ') ? `sudo ${debian}` : debian;
}

async function versionOf(about: DoctorContext, tool: ToolName): Promise<Finding> {
  const { number } = await requireTool(about.run, tool);
  const detail = number ?? 'version unknown';
  if (!isKnownTool(tool)) return { state: 'ok', detail };
  return { state: 'ok', detail: [detail, ...triedText(tool, number)].join(', ') };
}

/** What is to be said of a version that scoville was not tried with. */
function triedText(tool: KnownTool, number: string | undefined): readonly string[] {
  const unknown = unknownVersion(tool, number);
  const { oldest, newest } = KNOWN_VERSIONS[tool];
  return unknown === undefined ? [] : [`${unknown.is} than those tried (${oldest} to ${newest})`];
}

function isKnownTool(tool: ToolName): tool is KnownTool {
  return tool in KNOWN_VERSIONS;
}

/** Three checks ask the same engine; it is asked once for each runner. */
const engineOf = once((run: RunTool, signal: AbortSignal) => dockerInfo(run, signal));
const engine = ({ run, signal }: DoctorContext): Promise<DockerInfo> => engineOf(run, signal);

export const DOCKER_CHECK: Check = {
  id: 'docker',
  title: 'Docker engine',
  required: true,
  look: async (about) => {
    try {
      await requireTool(about.run, 'docker');
    } catch (thrown) {
      if (!(thrown instanceof UserError)) throw thrown;
      return faultOf(thrown, 'missing', installCommand('docker', about.platform));
    }
    const { serverVersion, os, architecture } = await engine(about);
    const versions = [serverVersion, ...triedText('docker', parseVersion(serverVersion))].join(
      ', ',
    );
    return { state: 'ok', detail: `${versions}, ${os}/${architecture}` };
  },
};

/** Without containerd's store only a builder of another driver can export an OCI layout. */
export const IMAGE_STORE_CHECK: Check = {
  id: 'image-store',
  title: 'containerd image store',
  required: true,
  look: async (about) => {
    const docker = await DOCKER_CHECK.look(about);
    // What fixes the engine comes first; of its store nothing is known.
    if (docker.state !== 'ok') return docker;
    const info = await engine(about);
    if (info.containerdStore) return { state: 'ok', detail: 'on' };
    const fix = turnOnStore(about.platform);
    try {
      const other = await builderForOci(about.run, info);
      const builder = other ?? (await currentBuilder(about.run)).name;
      return { state: 'advice', detail: `off; builds go to the builder ${builder}`, fix };
    } catch (thrown) {
      if (!(thrown instanceof UserError)) throw thrown;
      return { state: 'missing', detail: `off: ${thrown.message}`, fix };
    }
  },
};

export const BUILDER_CHECK: Check = {
  id: 'builder',
  title: 'builder',
  required: true,
  look: async (about) => {
    const { run } = about;
    await requireTool(run, 'buildx');
    const found = await currentBuilder(run).catch((thrown: unknown) => {
      if (thrown instanceof ToolError) return thrown;
      throw thrown;
    });
    if (found instanceof ToolError) return faultOf(found, 'missing', 'docker buildx use default');
    const { name, driver, running, platforms } = found;
    // buildx says nothing more of a builder whose engine does not answer; a remote one is not for
    // buildx to start.
    if (driver === 'remote' && !running)
      return {
        state: 'missing',
        detail: `${name} does not answer`,
        fix: `docker buildx inspect ${name}; or: docker buildx use default`,
      };
    if (driver === '') return silent(about, name);
    const shown = platforms.length > 4 ? [...platforms.slice(0, 4), '…'] : platforms;
    const started = running ? '' : ', not running yet';
    return { state: 'ok', detail: `${name} (${driver}${started}) ${shown.join(', ')}`.trim() };
  },
  fix: (about) => installCommand('buildx', about.platform),
};

/** Why a builder says nothing: its engine does not answer, or it was not started. */
async function silent(about: DoctorContext, name: string): Promise<Finding> {
  try {
    await engine(about);
  } catch (thrown) {
    if (thrown instanceof UserError || thrown instanceof ToolError) return faultOf(thrown);
    throw thrown;
  }
  return {
    state: 'missing',
    detail: `${name} does not answer`,
    fix: 'docker buildx inspect --bootstrap',
  };
}

function turnOnStore(platform: string): string {
  return platform === 'darwin'
    ? 'Docker Desktop: Settings, General, "Use containerd for pulling and storing images"'
    : 'add "features": {"containerd-snapshotter": true} to /etc/docker/daemon.json, then: sudo systemctl restart docker';
}
