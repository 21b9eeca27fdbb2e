import { resolve } from 'node:path';
import { parseBuildArgs } from '../build/command-line.ts';
import { progressStyle } from '../build/plan.ts';
import { Registries } from '../build/registries.ts';
import { withProgress } from '../cli/conversation.ts';
import { valuesOf } from '../cli/flag-table.ts';
import { asksHelp, buildWordsError, command, COMPARISON_FORMATS } from '../cli/flags.ts';
import { type Command, type CommandIo, writeHelp, writeProse } from '../cli/io.ts';
import { imageSettings, wantedPlatform, withKey } from '../cli/operands.ts';
import { DIFF } from '../cli/specs.ts';
import { writeFileBeside } from '../config/project-files.ts';
import { openNamedImage } from '../grade/grade-image.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import { shellWord } from '../model/dockerfile.ts';
import { printedCommand, withoutFlags } from '../model/printed-command.ts';
import type { ImageComparison, ReportRequest } from '../model/report.ts';
import { withPlainHttp } from '../model/settings.ts';
import { attachedExit, attachTarget } from '../trust/attest-command.ts';
import { trustedSigners } from '../trust/trusted-signers.ts';
import { whereDeployed } from '../trust/verify-command.ts';
import { compareImages } from './compare-images.ts';
import { deeperViews } from './diffoscope.ts';
import { type ImageFlags, readImageFlags, REPRODUCE } from './flags.ts';
import {
  reproduce as runReproduce,
  type ReproduceOptions,
  type Reproduction,
} from './reproduce.ts';

export const reproduce: Command = async (args, io) => {
  if (asksHelp(args)) {
    await writeHelp(io, REPRODUCE);
    return EXIT.met;
  }
  const image = await readImageFlags(args, io.cwd);
  if (image !== undefined) {
    const reports = comparisonReports(image.report, image.json);
    return answer(await reproduceNamed(image, io), reports, io);
  }
  const { words, ...options } = ownWords(args);
  const parsed = parseBuildArgs(words, io.env);
  if (!parsed.ok) throw buildWordsError(REPRODUCE, parsed.error);
  const build = parsed.value;
  if (build.kind === 'help') {
    await writeHelp(io, REPRODUCE);
    return EXIT.met;
  }
  const reports = comparisonReports(build.own.report, build.own.json);
  const style = progressStyle(build, io.env);
  if (!style.ok) throw new UserError(style.error);
  const result = await withProgress(
    io,
    (context) => runReproduce(context, build, io.stdin, options),
    style.value,
    build.own.interactive,
  );
  const code = await answer(result, reports, io);
  const [tag] = valuesOf(build, 'tag');
  const shows = result.kind !== 'buildx' && !['quiet', 'none', 'rawjson'].includes(style.value);
  if (code === EXIT.met && options.attest && shows && tag !== undefined)
    io.writeErr(`next: scoville grade ${shellWord(tag)}\n`);
  if (code === EXIT.short && shows) io.writeErr(nextAfter(result, build.again));
  return code;
};

/** What makes the build reproducible: one command where that was tried, else why none does. */
function nextAfter(result: Reproduction, again: readonly string[] | undefined): string {
  if (result.kind === 'buildx' || result.isFixable !== true)
    return 'A person must decide: each change above is one of your own files, or of what they fetch.\n';
  const words = [
    '--repro=aggressive',
    '--prove',
    ...withoutFlags(again ?? [], ['prove'], ['repro']),
  ];
  const next = again === undefined ? '' : `next: ${printedCommand('build', words)}\n`;
  return `With --repro=aggressive the two builds are the same (to keep it: reproducible.mode in .scoville.yaml).\n${next}`;
}

async function answer(
  result: Reproduction,
  reports: readonly ReportRequest[],
  io: CommandIo,
): Promise<number> {
  if (result.kind === 'buildx') return result.exitCode;
  const { comparison, doubts, kept } = result;
  await writeComparison(comparison, reports, io);
  if (comparison.reproducible) return attachedExit(kept);
  if (doubts.length === 0) return EXIT.short;
  throw new UserError(`could not check whether the image is reproducible:  ${doubts.join('; ')}`);
}

/** Bare `--attest` is ours; with a value (`--attest type=sbom`) it is buildx's. */
function ownWords(
  args: readonly string[],
): ReproduceOptions & { readonly words: readonly string[] } {
  const ours = ['--tomorrow', '--diffoscope', '--regrade'];
  const others = args.filter((word) => !ours.includes(word));
  const words = others.filter(
    (word, i) => word !== '--attest' || (others[i + 1] ?? '').startsWith('type='),
  );
  return {
    words,
    attest: words.length < others.length,
    regrade: args.includes('--regrade'),
    tomorrow: args.includes('--tomorrow'),
    deeper: args.includes('--diffoscope'),
  };
}

/** Rebuilds the named image from its provenance, with the settings of the working directory. */
async function reproduceNamed(flags: ImageFlags, io: CommandIo): Promise<Reproduction> {
  const { reproduceImage } = await import('./reproduce-image.ts');
  const settings = withKey(await imageSettings(flags.policy, io), flags.signingKey);
  return withProgress(io, async (context) => {
    const registries = new Registries(context, withPlainHttp(settings.registries, flags.plainHttp));
    const trusted = await trustedSigners(context, settings, flags.signers);
    const attest = flags.attest ? await attachTarget(context, flags.image, flags, io) : undefined;
    const image = await (attest === undefined
      ? openNamedImage(context, registries, {
          text: await whereDeployed(flags.image, io.cwd),
          stdin: io.stdin,
          ...wantedPlatform(flags.platform),
        })
      : attest.open());
    const { source, buildArgs, secrets, ssh, diffoscope: deeper } = flags;
    const given = { buildArgs, secrets, ssh };
    try {
      const request = { image, trusted, settings, registries, source, given, attest, deeper };
      return await reproduceImage(context, request);
    } finally {
      await image.close();
    }
  });
}

export const diff = command(DIFF, async (flags, [first = '', second = ''], io) => {
  const reports = comparisonReports(flags.report, flags.json);
  const settings = await imageSettings(flags.policy, io);
  const comparison = await withProgress(io, async (context) => {
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
  await writeComparison(comparison, reports, io);
  return comparison.reproducible ? EXIT.met : EXIT.short;
});

/** Before any build, refuses reports that need a scorecard. `--json` asks for JSON on stdout. */
function comparisonReports(
  requests: readonly ReportRequest[],
  json: boolean,
): readonly ReportRequest[] {
  const isKnown = ({ format }: ReportRequest): boolean =>
    COMPARISON_FORMATS.some((known) => known === format);
  const other = requests.find((one) => !isKnown(one));
  if (other !== undefined)
    throw new UserError(
      `--report ${other.format} is a scorecard’s; of a comparison there is ${COMPARISON_FORMATS.join(', ')}`,
    );
  const all = json ? [{ format: 'json' } as const, ...requests] : requests;
  return all.some(({ file }) => file === undefined) ? all : [{ format: 'terminal' }, ...all];
}

/**
 * Renders all, then writes each to a temporary file and renames it. Throws UserError if one fails.
 */
async function writeComparison(
  comparison: ImageComparison,
  requests: readonly ReportRequest[],
  io: CommandIo,
): Promise<void> {
  const rendered = [];
  for (const { format, file } of requests) {
    const report = await import('../report/compare.ts');
    const text =
      format === 'html'
        ? (await import('../report/html/several.ts')).htmlImageDifferences(comparison)
        : format === 'json'
          ? report.imageDifferencesJson(comparison)
          : report.differencesReport(comparison);
    rendered.push({ format, file, text });
  }
  for (const { format, file, text } of rendered)
    if (file !== undefined) await writeFileBeside(resolve(io.cwd, file), text);
    else if (format === 'terminal') writeProse(io, text);
    else io.writeOut(text);
}
