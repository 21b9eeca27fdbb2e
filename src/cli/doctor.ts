import { constants } from 'node:fs';
import { access, readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatProblem } from '../config/document.ts';
import { findSettingsFile } from '../config/find-settings.ts';
import { isThere } from '../image/disk.ts';
import { dockerCredentials } from '../image/registry/credentials.ts';
import { canConnect } from '../lib/can-connect.ts';
import { EXIT, ToolError } from '../lib/errors.ts';
import { bytesText } from '../lib/text.ts';
import { MissingTool } from '../lib/tool-names.ts';
import { shellWord } from '../model/dockerfile.ts';
import { jsonText } from '../report/text.ts';
import { publicKey } from '../trust/cosign-keys.ts';
import { keyName } from '../trust/keys.ts';
import { tokenVariable } from '../trust/oidc.ts';
import { openToOthers, publicKeyOf } from '../trust/signer.ts';
import { toolRunner } from './conversation.ts';
import {
  BUILDER_CHECK,
  BUILDX_CHECK,
  type Check,
  type CheckRow,
  COSIGN_CHECK,
  DOCKER_CHECK,
  type DoctorContext,
  type Finding,
  GIT_CHECK,
  IMAGE_STORE_CHECK,
  isFit,
  NODE_CHECK,
  projectSettings,
  readSettings,
  runChecks,
  SCANNER_CHECK,
} from './doctor-checks.ts';
import { command } from './flags.ts';
import { type CommandIo, pathsOf, writeProse } from './io.ts';
import { installedPlugins } from './plugin-install.ts';
import { DOCTOR } from './specs.ts';
import { VERSION } from './version.ts';

/** Below this a build of a large image may fill the disk. */
const LOW_DISK = 5_000_000_000;
const MOST_PROBLEMS = 20;

export const STORE_CHECK: Check = {
  id: 'layout',
  title: 'image layout',
  required: true,
  look: async ({ paths: { store } }) => {
    const there = await nearestPath(store);
    if (!(await stat(there)).isDirectory())
      return {
        state: 'missing',
        detail: `${there} is not a folder`,
        fix: `mv ${shellWord(there)} ${shellWord(`${there}.old`)}`,
      };
    try {
      await access(there, constants.W_OK);
    } catch {
      return {
        state: 'missing',
        detail: `${there} is not writable for you`,
        fix: `sudo chown -R "$USER" ${shellWord(there)}`,
      };
    }
    const disk = await statfs(there);
    const free = disk.bavail * disk.bsize;
    const size = there === store ? bytesText(await folderBytes(store)) : 'not there yet';
    const detail = `${store}, ${size}, ${bytesText(free)} free`;
    if (free >= LOW_DISK) return { state: 'ok', detail };
    return {
      state: 'advice',
      detail: `${detail}, less than the ${bytesText(LOW_DISK)} that a large image takes`,
      fix: there === store ? 'scoville prune && docker builder prune' : 'docker builder prune',
    };
  },
};

export const SETTINGS_CHECK: Check = {
  id: 'settings',
  title: 'settings file',
  required: true,
  look: async (about) => {
    const file = await findSettingsFile(about.cwd);
    if (file === undefined) return { state: 'ok', detail: 'none (using defaults)' };
    const settings = await readSettings(about);
    if (settings.ok) return { state: 'ok', detail: file };
    const { error: problems } = settings;
    return {
      state: 'missing',
      detail: problems.slice(0, MOST_PROBLEMS).map(formatProblem).join('\n'),
      fix: `\${EDITOR:-vi} +${problems[0]?.line ?? 1} ${shellWord(file)}`,
    };
  },
};

/** Reads Docker's configuration as a push would; a credential helper that it names must exist. */
export const DOCKER_CONFIG_CHECK: Check = {
  id: 'docker-config',
  title: 'Docker credentials',
  required: true,
  look: async ({ paths: { dockerConfig }, run, env }) => {
    let helper: string | undefined;
    const credentials = dockerCredentials(dockerConfig, env, (name) => {
      helper = `docker-credential-${name}`;
      return Promise.resolve(undefined);
    });
    await credentials('docker.io');
    const detail = join(dockerConfig, 'config.json');
    if (helper === undefined)
      return (await isThere(detail))
        ? { state: 'ok', detail }
        : { state: 'optional', detail: 'none (docker login HOST saves them)' };
    const answer = await run({ command: helper, args: ['version'], timeoutMs: 10_000 });
    if (answer.ended !== 'not-found') return { state: 'ok', detail: `${detail}, ${helper}` };
    return {
      state: 'advice',
      detail: `${detail} names ${helper}, which is not on PATH`,
      fix: 'docker login',
    };
  },
  fix: ({ paths: { dockerConfig } }) =>
    `\${EDITOR:-vi} ${shellWord(join(dockerConfig, 'config.json'))}`,
};

/** The path itself, or the nearest above it that is there. */
async function nearestPath(path: string): Promise<string> {
  const parent = dirname(path);
  return parent === path || (await isThere(path)) ? path : nearestPath(parent);
}

/** Bytes of the blobs; what is removed while it counts counts nothing. */
async function folderBytes(store: string): Promise<number> {
  const folder = join(store, 'blobs', 'sha256');
  let bytes = 0;
  for (const name of await readdir(folder).catch(() => []))
    bytes += await stat(join(folder, name)).then(
      (found) => found.size,
      () => 0,
    );
  return bytes;
}

/** The key that a build here would sign with, in the order in which the pipeline looks for one. */
export const SIGNING_CHECK: Check = {
  id: 'signing-key',
  title: 'signing key',
  required: true,
  look: async (about) => {
    const { sign } = await projectSettings(about);
    if (!sign.enabled) return { state: 'ok', detail: 'signing is off in the settings file' };
    if (sign.key !== undefined) return configuredKey(about, sign.key);
    if (sign.refusedKey !== undefined && !sign.keyless)
      return {
        state: 'missing',
        detail: `sign.key of ${sign.refusedKey} is not a file of the project: only you can name it`,
        fix: 'scoville build --key KEY',
      };
    const token = tokenVariable(about.env);
    if (sign.keyless || token !== undefined)
      return { state: 'ok', detail: `keyless, ${token ?? 'as the settings file asks'}` };
    return ownKey(about);
  },
};

async function configuredKey(about: DoctorContext, ref: string): Promise<Finding> {
  // Asking a KMS or a hardware key costs a network call or a touch.
  if (publicKeyOf(ref) === undefined) return { state: 'ok', detail: `${keyName(ref)} (not asked)` };
  if (await isThere(ref)) return keyFile(about, ref);
  return {
    state: 'missing',
    detail: `${ref} is named in the settings file but does not exist`,
    fix: `cosign generate-key-pair --output-key-prefix ${shellWord(ref.replace(/\.key$/, ''))}`,
  };
}

async function ownKey(about: DoctorContext): Promise<Finding> {
  const own = join(about.paths.config, 'keys', 'cosign.key');
  if (await isThere(own)) return keyFile(about, own);
  return { state: 'ok', detail: `none yet; the first build makes ${own}` };
}

/** Others must not read it, and cosign must be able to, with the password that a build has. */
async function keyFile(about: DoctorContext, path: string): Promise<Finding> {
  const open = await openToOthers(path);
  if (open !== undefined)
    return { state: open.isRefused ? 'missing' : 'advice', detail: open.what, fix: open.fix };
  try {
    await publicKey(about.run, path, about.env['COSIGN_PASSWORD'] ?? '');
  } catch (thrown) {
    // Without cosign nothing is known of the key; its own check tells.
    if (thrown instanceof ToolError || thrown instanceof MissingTool)
      return { state: 'advice', detail: `${path} is there; cosign could not be asked about it` };
    throw thrown;
  }
  return { state: 'ok', detail: path };
}

/** Whether `docker scoville` and `docker build` come here; only a fault if that was asked for. */
export const PLUGIN_CHECK: Check = {
  id: 'docker-plugin',
  title: 'Docker plugin',
  required: false,
  look: async ({ paths: { dockerConfig } }) => {
    const { command, builder } = await installedPlugins(dockerConfig);
    if (builder === 'not-named')
      return {
        state: 'advice',
        detail: 'docker build went through scoville, and config.json names another builder since',
        fix: 'scoville install --replace-build',
      };
    if (builder === 'named') return { state: 'ok', detail: 'docker scoville, and docker build' };
    return command
      ? { state: 'ok', detail: 'docker scoville' }
      : { state: 'optional', detail: 'not installed (optional: scoville install)' };
  },
  fix: () => 'scoville install',
};

/** All that is checked, in the order that is shown. */
export const CHECKS: readonly Check[] = [
  NODE_CHECK,
  DOCKER_CHECK,
  IMAGE_STORE_CHECK,
  BUILDX_CHECK,
  BUILDER_CHECK,
  COSIGN_CHECK,
  SIGNING_CHECK,
  GIT_CHECK,
  SCANNER_CHECK,
  STORE_CHECK,
  SETTINGS_CHECK,
  DOCKER_CONFIG_CHECK,
  PLUGIN_CHECK,
];

/** `scoville doctor`. */
export const doctor = command(DOCTOR, async ({ json }, _, io) => {
  const rows = await runChecks(CHECKS, doctorContext(io));
  if (json) io.writeOut(doctorJson(rows));
  else writeProse(io, doctorText(rows, await marksFor(io)));
  return isFit(rows) ? EXIT.met : EXIT.failed;
});

/** The rows as JSON: `{schemaVersion, tool, fit, checks}`; ends with a newline. */
export function doctorJson(rows: readonly CheckRow[]): string {
  const report = { schemaVersion: 1, tool: VERSION, fit: isFit(rows), checks: rows };
  return jsonText(report);
}

/**
 * The rows as lines: mark, title, detail; below what is not ok, the command that fixes it. What an
 * earlier row has said already is not said again.
 */
export function doctorText(
  rows: readonly CheckRow[],
  marks: Readonly<Record<CheckRow['state'], string>>,
): string {
  const titles = Math.max(...rows.map(({ title }) => title.length));
  const indent = ' '.repeat(titles + 4);
  const lines = rows.flatMap(({ state, title, detail, fix }, index) => {
    const same = rows.slice(0, index).find((one) => state !== 'ok' && one.detail === detail);
    const text = same === undefined ? detail : `see ${same.title}`;
    const [first = '', ...more] = text.split('\n');
    return [
      `${marks[state]} ${title.padEnd(titles)}  ${first}`,
      ...more.map((line) => `${indent}${line}`),
      ...(fix === undefined || same?.fix === fix ? [] : [`${indent}fix: ${fix}`]),
    ];
  });
  return `${lines.join('\n')}\n`;
}

async function marksFor(io: CommandIo): Promise<Readonly<Record<CheckRow['state'], string>>> {
  const { createColors } = (await import('picocolors')).default;
  const { dim, green, red, yellow } = createColors(io.color && io.outIsTerminal);
  return { ok: green('✔'), missing: red('✘'), advice: yellow('!'), optional: dim('–') };
}

function doctorContext(io: CommandIo): DoctorContext {
  const run = toolRunner(io);
  return {
    run: (what) => run({ signal: io.signal, ...what }),
    env: io.env,
    cwd: io.cwd,
    paths: pathsOf(io),
    platform: io.platform,
    nodeVersion: process.versions.node,
    now: io.now,
    signal: io.signal,
    connect: canConnect,
  };
}
