import { canConnect } from '../lib/can-connect.ts';
import { EXIT } from '../lib/errors.ts';
import { jsonText } from '../report/text.ts';
import { type CheckRow, CHECKS, isFit, runChecks } from './doctor-checks.ts';
import { command } from './flags.ts';
import { type CommandIo, writeProse } from './io.ts';
import { pathsOf } from './paths.ts';
import { DOCTOR } from './specs.ts';
import { toolRunner } from './tool-runner.ts';
import { VERSION } from './version.ts';

export const doctor = command(DOCTOR, async ({ json }, _, io) => {
  const run = toolRunner(io);
  const rows = await runChecks(CHECKS, {
    run: (what) => run({ signal: io.signal, ...what }),
    env: io.env,
    cwd: io.cwd,
    paths: pathsOf(io),
    platform: io.platform,
    nodeVersion: process.versions.node,
    now: io.now,
    signal: io.signal,
    connect: canConnect,
  });
  const fit = isFit(rows);
  if (json) io.writeOut(jsonText({ schemaVersion: 1, tool: VERSION, fit, checks: rows }));
  else writeProse(io, doctorText(rows, await marksFor(io)));
  return fit ? EXIT.met : EXIT.failed;
});

/** Mark, title, detail, and the command that fixes it; nothing is said twice. */
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
