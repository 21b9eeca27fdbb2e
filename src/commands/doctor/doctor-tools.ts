import { cosignDialect } from '../../tools/cosign/cosign-dialect.ts';
import { KNOWN_VERSIONS, type KnownTool, unknownVersion } from '../../tools/known-versions.ts';
import { proxyOf } from '../../tools/network/proxy.ts';
import { TOOLS, type ToolName } from '../../tools/tool-names.ts';
import { compareVersions, requireTool } from '../../tools/version.ts';
import { type Check, type DoctorContext, type Finding, projectSettings } from './doctor-check.ts';

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

/** The command that installs a tool on this platform, for a shell. */
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
export function triedText(tool: KnownTool, number: string | undefined): readonly string[] {
  const unknown = unknownVersion(tool, number);
  const { oldest, newest } = KNOWN_VERSIONS[tool];
  return unknown === undefined ? [] : [`${unknown.is} than those tried (${oldest} to ${newest})`];
}

function isKnownTool(tool: ToolName): tool is KnownTool {
  return tool in KNOWN_VERSIONS;
}
