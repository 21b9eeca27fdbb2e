import { EXIT, UserError } from '../../model/errors.ts';
import type { ReportRequest } from '../../model/report.ts';
import { shellWord } from '../../model/shell-word.ts';
import {
  type ReproduceOptions,
  type Reproduction,
  reproduce as runReproduce,
} from '../../pipeline/reproduce/reproduce.ts';
import { valuesOf } from '../../plans/flags/flag-spec.ts';
import { parseBuildArgs } from '../../plans/flags/parse-build-args.ts';
import { progressStyle } from '../../plans/progress-style.ts';
import { attachedExit } from '../attest/attached-text.ts';
import { withProgress } from '../conversation.ts';
import { asksHelp, buildWordsError } from '../flags.ts';
import type { Command, CommandIo } from '../io.ts';
import { writeHelp } from '../prose.ts';
import { comparisonReports, writeComparison } from './comparison-report.ts';
import { readImageFlags, REPRODUCE } from './reproduce-flags.ts';

/** `scoville reproduce`. */
export const reproduce: Command = async (args, io) => {
  if (asksHelp(args)) {
    await writeHelp(io, REPRODUCE);
    return EXIT.met;
  }
  const image = await readImageFlags(args, io.cwd);
  if (image !== undefined) {
    const { reproduceNamed } = await import('./reproduce-image.ts');
    const reports = comparisonReports(image.report, image.json);
    return answer(await reproduceNamed(image, io), reports, io);
  }
  const { words, ...options } = ownWords(args);
  const parsed = parseBuildArgs(words, io.env);
  if (!parsed.ok) throw buildWordsError(REPRODUCE, parsed.error);
  if (parsed.value.kind === 'help') {
    await writeHelp(io, REPRODUCE);
    return EXIT.met;
  }
  const { json, report: requests } = parsed.value.own;
  const reports = comparisonReports(requests, json);
  const style = progressStyle(parsed.value, io.env);
  if (!style.ok) throw new UserError(style.error);
  const build = parsed.value;
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
  return code;
};

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

/** `--attest` by itself is ours; with a value (`--attest type=sbom`) it is buildx'. */
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
