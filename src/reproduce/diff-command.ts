import { Registries } from '../build/registries.ts';
import { withProgress } from '../cli/conversation.ts';
import type { FlagValues } from '../cli/flag-table.ts';
import { command } from '../cli/flags.ts';
import type { CommandIo } from '../cli/io.ts';
import { imageSettings, wantedPlatform } from '../cli/operands.ts';
import { DIFF } from '../cli/specs.ts';
import { openNamedImage } from '../grade/grade-image.ts';
import { EXIT } from '../lib/errors.ts';
import type { ImageComparison } from '../model/report.ts';
import { withPlainHttp } from '../model/settings.ts';
import { compareImages } from './compare-images.ts';
import { comparisonReports, writeComparison } from './comparison-report.ts';
import { deeperViews } from './diffoscope.ts';

/** `scoville diff`. */
export const diff = command(DIFF, async (flags, [first = '', second = ''], io) => {
  const reports = comparisonReports(flags.report, flags.json);
  const comparison = await compare(io, [first, second], flags);
  await writeComparison(comparison, reports, io);
  return comparison.reproducible ? EXIT.met : EXIT.short;
});

async function compare(
  io: CommandIo,
  [first, second]: readonly [string, string],
  flags: FlagValues<typeof DIFF.flags>,
): Promise<ImageComparison> {
  const settings = await imageSettings(flags.policy, io);
  return withProgress(io, async (context) => {
    const registries = new Registries(context, withPlainHttp(settings.registries, flags.plainHttp));
    const request = { stdin: io.stdin, ...wantedPlatform(flags.platform) };
    const a = await openNamedImage(context, registries, { text: first, ...request });
    try {
      const b = await openNamedImage(context, registries, { text: second, ...request });
      try {
        const deeper = flags.diffoscope ? deeperViews(context) : undefined;
        return await compareImages(context, a, b, undefined, deeper);
      } finally {
        await b.close();
      }
    } finally {
      await a.close();
    }
  });
}
