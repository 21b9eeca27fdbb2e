import { parseBuildArgs } from '../build/command-line.ts';
import { progressStyle } from '../build/plan.ts';
import { withProgress } from '../cli/conversation.ts';
import { valuesOf } from '../cli/flag-table.ts';
import { asksHelp, buildWordsError } from '../cli/flags.ts';
import { type Command, type CommandIo, writeHelp } from '../cli/io.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import { shellWord } from '../model/dockerfile.ts';
import type { ReportRequest } from '../model/report.ts';
import { attachedExit } from '../trust/attest-command.ts';
import { comparisonReports, writeComparison } from './comparison-report.ts';
import { readImageFlags, REPRODUCE } from './flags.ts';
import {
  reproduce as runReproduce,
  type ReproduceOptions,
  type Reproduction,
} from './reproduce.ts';

/** `scoville reproduce`. */
export const reproduce: Command = async (args, io) => {
  if (asksHelp(args)) {
    await writeHelp(io, REPRODUCE);
    return EXIT.met;
  }
  const image = await readImageFlags(args, io.cwd);
  if (image !== undefined) {
    const { reproduceNamed } = await import('./reproduce-image-command.ts');
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
