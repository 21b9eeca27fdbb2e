import type { ImageComparison } from '../../model/difference.ts';
import { EXIT } from '../../model/errors.ts';
import { withPlainHttp } from '../../model/settings.ts';
import { compareImages } from '../../pipeline/compare/compare-images.ts';
import { deeperViews } from '../../pipeline/compare/deeper-views.ts';
import { openNamedImage } from '../../pipeline/grade/open-named-image.ts';
import { Registries } from '../../pipeline/registries.ts';
import type { FlagValues } from '../../plans/flags/flag.ts';
import { withProgress } from '../conversation.ts';
import { command } from '../flags.ts';
import type { CommandIo } from '../io.ts';
import { imageSettings } from '../project-settings.ts';
import { DIFF } from '../small-specs.ts';
import { wantedPlatform } from '../wanted-platform.ts';
import { comparisonReports, writeComparison } from './comparison-report.ts';

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
