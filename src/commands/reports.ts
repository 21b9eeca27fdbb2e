import { resolve } from 'node:path';
import { unreachable } from '../model/result.ts';
import type { Scorecard } from '../model/scorecard.ts';
import { writeFileBeside } from '../pipeline/write-file-beside.ts';
import type { ReportFormat, ReportRequest } from '../plans/own-options.ts';
import type { CommandIo } from './io.ts';

/** A scorecard in one of the formats; colours and width only where it goes to a terminal. */
export async function renderReport(
  scorecard: Scorecard,
  format: ReportFormat,
  screen: { readonly color: boolean; readonly width?: number; readonly unicode: boolean },
): Promise<string> {
  switch (format) {
    case 'terminal':
      return (await import('../reporters/terminal.ts')).terminalReport(scorecard, screen);
    case 'json':
      return (await import('../reporters/json.ts')).jsonReport(scorecard);
    case 'markdown':
      return (await import('../reporters/markdown.ts')).markdownReport(scorecard);
    case 'badges':
      return (await import('../reporters/badges.ts')).badgesReport(scorecard);
    default:
      return unreachable(format);
  }
}

/** Writes what `--report` and `--json` ask for; without either, the terminal's scorecard goes to `write`. */
export async function writeReports(
  scorecard: Scorecard,
  requests: readonly ReportRequest[],
  io: CommandIo,
  write: (text: string) => void,
): Promise<void> {
  const toScreen = { color: io.color && io.outIsTerminal, width: io.columns, unicode: isUtf8(io) };
  const wanted: readonly ReportRequest[] = requests.some((r) => r.file === undefined)
    ? requests
    : [{ format: 'terminal' }, ...requests];
  for (const { format, file } of wanted) {
    if (file === undefined) write(await renderReport(scorecard, format, toScreen));
    else
      await writeFileBeside(
        resolve(io.cwd, file),
        await renderReport(scorecard, format, { color: false, unicode: true }),
      );
  }
}

function isUtf8(io: CommandIo): boolean {
  // POSIX, 8.2: the first of them that is set to anything.
  const locale =
    ['LC_ALL', 'LC_CTYPE', 'LANG'].map((name) => io.env[name] ?? '').find((v) => v !== '') ?? '';
  return locale === '' ? io.platform === 'darwin' : /utf-?8/i.test(locale);
}
