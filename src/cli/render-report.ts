import { join, resolve } from 'node:path';
import { isBadgeFolder, makeFolder, writeFileBeside } from '../config/project-files.ts';
import { unreachable } from '../lib/errors.ts';
import type { ReportFormat, ReportInput, ReportRequest, ReportSubject } from '../model/report.ts';
import type { CommandIo } from './io.ts';

interface ReportScreen {
  readonly color: boolean;
  readonly width?: number;
  readonly unicode: boolean;
  readonly verbose?: boolean;
}

/** The images that a report for machines lists: of a difference, the newer one. */
function imagesOf(subject: ReportSubject): readonly ReportInput[] {
  switch (subject.kind) {
    case 'image':
      return [subject.image];
    case 'comparison':
      return subject.images;
    case 'difference':
      return [subject.after];
    default:
      return unreachable(subject);
  }
}

export async function renderReport(
  subject: ReportSubject,
  format: ReportFormat,
  screen: ReportScreen,
): Promise<string> {
  switch (format) {
    case 'terminal':
      return terminal(subject, screen);
    case 'json':
      return json(subject);
    case 'markdown':
      return markdown(subject);
    case 'html':
      return html(subject);
    case 'sarif':
      return (await import('../report/sarif.ts')).sarifReport(imagesOf(subject));
    case 'junit': {
      const { junitReport } = await import('../report/ci.ts');
      return junitReport(imagesOf(subject).map(({ scorecard }) => scorecard));
    }
    case 'code-quality':
      return (await import('../report/ci.ts')).codeQualityReport(imagesOf(subject));
    case 'badges': {
      const { badgesReport } = await import('../report/badges.ts');
      return imagesOf(subject)
        .map(({ scorecard }) => badgesReport(scorecard))
        .join('\n');
    }
    default:
      return unreachable(format);
  }
}

async function terminal(subject: ReportSubject, screen: ReportScreen): Promise<string> {
  const reporter = await import('../report/terminal.ts');
  return subject.kind === 'image'
    ? reporter.terminalReport(subject.image, screen)
    : reporter.terminalSheet((await import('../report/compare.ts')).sheetOf(subject), screen);
}

async function json(subject: ReportSubject): Promise<string> {
  const reporter = await import('../report/json.ts');
  if (subject.kind === 'image') return reporter.jsonReport(subject.image.scorecard);
  if (subject.kind === 'comparison') return reporter.jsonComparison(subject.images);
  return reporter.jsonDifference(subject.before, subject.after);
}

async function markdown(subject: ReportSubject): Promise<string> {
  const reporter = await import('../report/markdown.ts');
  return subject.kind === 'image'
    ? reporter.markdownReport(subject.image)
    : reporter.markdownSheet((await import('../report/compare.ts')).sheetOf(subject));
}

async function html(subject: ReportSubject): Promise<string> {
  if (subject.kind === 'image')
    return (await import('../report/html/report.ts')).htmlReport(subject.image);
  const { htmlSheet } = await import('../report/html/several.ts');
  return htmlSheet((await import('../report/compare.ts')).sheetOf(subject));
}

/** Writes what `--report` and `--json` ask for, all rendered first. Throws UserError. */
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
  const { badgeFiles } = await import('../report/badges.ts');
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
