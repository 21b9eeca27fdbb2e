import { EXIT } from '../../model/errors.ts';
import { installedPlugins } from '../../pipeline/docker-plugins.ts';
import { jsonText } from '../../reporters/json-text.ts';
import { canConnect } from '../../tools/can-connect.ts';
import { toolRunner } from '../context.ts';
import { command } from '../flags.ts';
import type { CommandIo } from '../io.ts';
import { pathsOf } from '../paths.ts';
import { writeProse } from '../prose.ts';
import { DOCTOR } from '../small-specs.ts';
import { VERSION } from '../version.ts';
import { type Check, type CheckRow, isFit, runChecks, type DoctorContext } from './doctor-check.ts';
import { BUILDER_CHECK, DOCKER_CHECK, IMAGE_STORE_CHECK } from './doctor-engine.ts';
import { DOCKER_CONFIG_CHECK, SETTINGS_CHECK, STORE_CHECK } from './doctor-files.ts';
import { SIGNING_CHECK } from './doctor-signing.ts';
import {
  BUILDX_CHECK,
  COSIGN_CHECK,
  GIT_CHECK,
  NODE_CHECK,
  SCANNER_CHECK,
} from './doctor-tools.ts';

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
