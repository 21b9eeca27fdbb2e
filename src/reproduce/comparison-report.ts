import { resolve } from 'node:path';
import { COMPARISON_FORMATS } from '../cli/flags.ts';
import { type CommandIo, writeProse } from '../cli/io.ts';
import { writeFileBeside } from '../config/project-files.ts';
import { UserError } from '../lib/errors.ts';
import type { ImageComparison, ReportRequest } from '../model/report.ts';

type ComparisonFormat = (typeof COMPARISON_FORMATS)[number];

/** Refuses reports only a scorecard has, before any build. `--json` asks for JSON on stdout. */
export function comparisonReports(
  requests: readonly ReportRequest[],
  json: boolean,
): readonly ReportRequest[] {
  const other = requests.find(
    ({ format }) => !COMPARISON_FORMATS.some((known) => known === format),
  );
  if (other !== undefined)
    throw new UserError(
      `--report ${other.format} is a scorecard’s; of a comparison there is ${COMPARISON_FORMATS.join(', ')}`,
    );
  const all = json ? [{ format: 'json' } as const, ...requests] : requests;
  return all.some(({ file }) => file === undefined) ? all : [{ format: 'terminal' }, ...all];
}

/** Renders all, then writes each beside its file and renames it. Throws UserError if one fails. */
export async function writeComparison(
  comparison: ImageComparison,
  requests: readonly ReportRequest[],
  io: CommandIo,
): Promise<void> {
  const rendered = await Promise.all(
    requests.map(async ({ format, file }) => ({
      format,
      file,
      text: await rendering(comparison, format as ComparisonFormat, {
        color: file === undefined && io.color && io.outIsTerminal,
      }),
    })),
  );
  for (const { format, file, text } of rendered)
    if (file !== undefined) await writeFileBeside(resolve(io.cwd, file), text);
    else if (format === 'terminal') writeProse(io, text);
    else io.writeOut(text);
}

async function rendering(
  comparison: ImageComparison,
  format: ComparisonFormat,
  screen: { readonly color: boolean },
): Promise<string> {
  switch (format) {
    case 'json':
      return (await import('../report/image-differences.ts')).imageDifferencesJson(comparison);
    case 'html':
      return (await import('../report/html/several.tsx')).htmlImageDifferences(comparison);
    case 'terminal':
      return (await import('../report/image-differences.ts')).differencesReport(comparison, screen);
  }
}
