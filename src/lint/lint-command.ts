import { resolve } from 'node:path';
import { pipelineContext } from '../cli/conversation.ts';
import { command } from '../cli/flags.ts';
import { type CommandIo, writeProse } from '../cli/io.ts';
import { projectSettings } from '../cli/operands.ts';
import { isUtf8 } from '../cli/render-report.ts';
import { VERSION } from '../cli/version.ts';
import { writeFileBeside } from '../config/project-files.ts';
import { LINT_RULES } from '../criteria/catalogue.ts';
import { EXIT, unreachable, UserError } from '../lib/errors.ts';
import { isAtLeast, type LintedFile } from '../model/fix.ts';
import type { Settings } from '../model/settings.ts';
import { cleanForTerminal } from '../ui/text.ts';
import { LINT, type LintFlags } from './flags.ts';
import {
  type BakedDockerfile,
  bakedDockerfiles,
  findDockerfiles,
  isDefinition,
  lintFile,
} from './lint.ts';

export const lint = command(LINT, async (flags, paths, io) => {
  const settings = await projectSettings(flags.config, io);
  const { files, unreadable } = await lintAll(
    paths.length === 0 ? ['.'] : paths,
    flags,
    settings,
    io,
  );
  await writeLintReports(files, flags, io);
  for (const message of unreadable) io.writeErr(`scoville: ${cleanForTerminal(message)}\n`);
  if (unreadable.length > 0 || files.some(({ parsed }) => !parsed)) return EXIT.failed;
  const short = files.some(({ findings }) =>
    findings.some(({ severity }) => isAtLeast(severity, flags.failOn)),
  );
  return short ? EXIT.short : EXIT.met;
});

/** One file that cannot be read does not keep the others from being checked. */
async function lintAll(
  paths: readonly string[],
  { buildArg: buildArgs, target }: LintFlags,
  settings: Settings,
  io: CommandIo,
): Promise<{ readonly files: readonly LintedFile[]; readonly unreadable: readonly string[] }> {
  const options = { cwd: io.cwd, buildArgs, target, settings, stdin: io.stdin, now: io.now() };
  const files: LintedFile[] = [];
  const unreadable: string[] = [];
  for (const path of new Set(paths)) {
    try {
      const found = await dockerfilesOf(path, io);
      if (found.length === 0) unreadable.push(`no Dockerfile in ${path}`);
      for (const one of found) {
        // What the command line says goes before what a definition says.
        const args = [...(one.buildArgs ?? []), ...buildArgs];
        const more = { ...one, buildArgs: args, target: target ?? one.target };
        files.push(await lintFile(one.path, { ...options, ...more }));
      }
    } catch (thrown) {
      if (!(thrown instanceof UserError)) throw thrown;
      unreadable.push(thrown.message);
    }
  }
  return { files, unreadable };
}

/** The Dockerfiles of a path; those of a bake or compose definition as its targets build them. */
async function dockerfilesOf(
  path: string,
  io: CommandIo,
): Promise<readonly (Partial<BakedDockerfile> & { readonly path: string })[]> {
  if (path === '-') return [{ path }];
  if (isDefinition(path)) return bakedDockerfiles(pipelineContext(io), path);
  return (await findDockerfiles(io.cwd, path)).map((one) => ({ path: one }));
}

async function writeLintReports(
  files: readonly LintedFile[],
  { report, json }: LintFlags,
  io: CommandIo,
): Promise<void> {
  if (files.length === 0) return;
  const reports = [...report, ...(json ? [{ format: 'json' } as const] : [])];
  const wanted = reports.some(({ file }) => file === undefined)
    ? reports
    : [{ format: 'terminal' } as const, ...reports];
  for (const { format, file } of wanted) {
    const text = await rendered(files, format, file === undefined ? io : undefined);
    if (file !== undefined) await writeFileBeside(resolve(io.cwd, file), text);
    else if (format === 'terminal') writeProse(io, text);
    else io.writeOut(text);
  }
}

/** `screen` is given where the text goes to stdout. */
async function rendered(
  files: readonly LintedFile[],
  format: LintFlags['report'][number]['format'],
  screen: CommandIo | undefined,
): Promise<string> {
  switch (format) {
    case 'terminal': {
      const { lintText } = await import('../report/lint.ts');
      if (screen === undefined) return lintText(files, { color: false, unicode: true });
      const { color, outIsTerminal, columns } = screen;
      const width = outIsTerminal ? { width: columns } : {};
      return lintText(files, { color: color && outIsTerminal, unicode: isUtf8(screen), ...width });
    }
    case 'json':
      return (await import('../report/lint.ts')).lintJson(files, VERSION);
    case 'sarif': {
      const { lintSarif } = await import('../report/lint.ts');
      return lintSarif(files, { version: VERSION, rules: LINT_RULES });
    }
    case 'code-quality':
      return (await import('../report/ci.ts')).lintCodeQuality(files);
    default:
      return unreachable(format);
  }
}
