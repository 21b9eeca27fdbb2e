import type { ImageComparison } from '../../model/difference.ts';
import { EXIT, UserError } from '../../model/errors.ts';
import { withPlainHttp } from '../../model/settings.ts';
import { openNamedImage } from '../../pipeline/grade/open-named-image.ts';
import { Registries } from '../../pipeline/registries.ts';
import { compareImages } from '../../pipeline/reproduce/compare-images.ts';
import { deeperViews } from '../../pipeline/reproduce/deeper-views.ts';
import { parseReportRequests } from '../../plans/report-request.ts';
import { pipelineContext } from '../context.ts';
import { conversation } from '../conversation.ts';
import { readFlags } from '../flags.ts';
import { usageLine } from '../help.ts';
import type { Command, CommandIo } from '../io.ts';
import { imageSettings } from '../project-settings.ts';
import { wantedPlatform } from '../wanted-platform.ts';
import { comparisonReports, writeComparison } from './comparison-report.ts';

const HELP = `Usage: scoville diff [--platform OS/ARCH] [--json] [--report FORMAT[=FILE]] FIRST SECOND

Holds two images against each other, wherever they lie (a registry, Docker's store, an OCI layout, an archive), and names
each file that is not the same, in what, why, and what to do about it. Exit 0: every image manifest has the same digest; 1: not.

  --platform OS/ARCH[/VARIANT]   only this platform
  --json                         the comparison as JSON (docs/reproducibility.md)
  --report FORMAT[=FILE]         terminal, json or html; may be repeated
  --diffoscope                   have diffoscope, where it is installed, look into the first ten binary files that differ
  --plain-http HOST              speak HTTP without TLS to this registry; may be repeated (loopback hosts need none)
  --policy FILE                  a settings file: its registries count
`;

/** `scoville diff`. */
export const diff: Command = async (args, io) => {
  const { values, positionals } = readFlags('diff', args, {
    platform: { type: 'string' },
    json: { type: 'boolean', default: false },
    report: { type: 'string', multiple: true, default: [] },
    diffoscope: { type: 'boolean', default: false },
    'plain-http': { type: 'string', multiple: true, default: [] },
    policy: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  });
  if (values.help) {
    io.writeOut(HELP);
    return EXIT.met;
  }
  const [first, second, third] = positionals;
  if (first === undefined || second === undefined || third !== undefined)
    throw new UserError('diff takes two images', { nextStep: usageLine('diff') });
  const requests = parseReportRequests(values.report);
  if (!requests.ok) throw new UserError(requests.error);
  const reports = comparisonReports(requests.value, values.json);
  const comparison = await compare(io, [first, second], {
    platform: values.platform,
    plainHttp: values['plain-http'],
    policy: values.policy,
    deeper: values.diffoscope,
  });
  await writeComparison(comparison, reports, io);
  return comparison.reproducible ? EXIT.met : EXIT.short;
};

async function compare(
  io: CommandIo,
  [first, second]: readonly [string, string],
  flags: {
    readonly platform: string | undefined;
    readonly plainHttp: readonly string[];
    readonly policy: string | undefined;
    readonly deeper: boolean;
  },
): Promise<ImageComparison> {
  const settings = await imageSettings(flags.policy, io);
  const talk = await conversation(io, 'auto', true);
  const context = pipelineContext(io, talk.sink);
  const registries = new Registries(context, withPlainHttp(settings.registries, flags.plainHttp));
  const request = { stdin: io.stdin, ...wantedPlatform(flags.platform) };
  try {
    const a = await openNamedImage(context, registries, { text: first, ...request });
    try {
      const b = await openNamedImage(context, registries, { text: second, ...request });
      try {
        return await compareImages(
          context,
          a,
          b,
          undefined,
          flags.deeper ? deeperViews(context) : undefined,
        );
      } finally {
        await b.close();
      }
    } finally {
      await a.close();
    }
  } finally {
    talk.stop();
  }
}
