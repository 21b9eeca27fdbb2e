import { join, resolve } from 'node:path';
import type { ReportRequest, ReportSubject } from '../model/report.ts';
import { isBadgeFolder } from '../pipeline/require-writable.ts';
import { writeFileBeside, makeFolder } from '../pipeline/write-file-beside.ts';
import type { CommandIo } from './io.ts';
import { imagesOf, renderReport } from './render-report.ts';

/**
 * Writes what `--report` and `--json` ask for; without a request for stdout, the terminal's
 * scorecard goes to `write`; without `write`, nothing is made for stdout. Every report is rendered
 * before the first is written. Throws UserError where a file cannot be written.
 */
export async function writeReports(
  subject: ReportSubject,
  requests: readonly ReportRequest[],
  io: CommandIo,
  write: ((text: string) => void) | undefined,
  verbose = false,
): Promise<void> {
  const toScreen = {
    color: io.color && io.outIsTerminal,
    width: io.columns,
    unicode: isUtf8(io),
    verbose,
  };
  const toFiles = requests.filter((r) => r.file !== undefined);
  const toStdout: readonly ReportRequest[] =
    toFiles.length < requests.length ? requests : [{ format: 'terminal' }, ...requests];
  const wanted = write === undefined ? toFiles : toStdout;
  const rendered = await Promise.all(
    wanted.map(async (request) => {
      const screen = request.file === undefined ? toScreen : { color: false, unicode: true };
      return { request, text: await renderReport(subject, request.format, screen) };
    }),
  );
  for (const { request, text } of rendered) {
    if (request.file === undefined) write?.(text);
    else if (isBadgeFolder(request)) await writeBadges(subject, resolve(io.cwd, request.file));
    else await writeFileBeside(resolve(io.cwd, request.file), text, undefined, io.cwd);
  }
}

/** A folder of badges; of several images, a folder in it for each, numbered as they were named. */
async function writeBadges(subject: ReportSubject, folder: string): Promise<void> {
  const { badgeFiles } = await import('../reporters/badges/badges.ts');
  const images = imagesOf(subject);
  for (const [index, { scorecard }] of images.entries()) {
    const into = images.length === 1 ? folder : join(folder, String(index + 1));
    await makeFolder(into);
    for (const { name, text } of badgeFiles(scorecard))
      await writeFileBeside(join(into, name), text, undefined, folder);
  }
}

export function isUtf8(io: CommandIo): boolean {
  // POSIX, 8.2: the first of them that is set to anything.
  const locale =
    ['LC_ALL', 'LC_CTYPE', 'LANG'].map((name) => io.env[name] ?? '').find((v) => v !== '') ?? '';
  return locale === '' ? io.platform === 'darwin' : /utf-?8/i.test(locale);
}
