import { EXIT, UserError } from '../model/errors.ts';
import { reproduce as runReproduce } from '../pipeline/reproduce.ts';
import { parseBuildArgs } from '../plans/parse-build-args.ts';
import { progressStyle } from '../plans/progress-style.ts';
import { jsonText } from '../reporters/json-text.ts';
import { cleanLines } from '../ui/clean.ts';
import { pipelineContext } from './context.ts';
import { conversation } from './conversation.ts';
import { usageLine } from './help.ts';
import type { Command } from './io.ts';

const HELP = `Usage: scoville reproduce [--attest] [scoville build flags] PATH|URL

Builds the image, then again without a cache, from a copy of the context in another folder with other times, and compares the
image manifests. Where they differ, names each file, in what it differs, the Dockerfile line that wrote it, why, and what to do.
Nothing is tagged, loaded or pushed. Exit 0: the same digest; 1: not; a build that fails keeps buildx' code.

  --attest        sign the result and keep it with the newest build of that name (-t NAME): scoville push publishes it,
                  scoville grade and verify read it

Else takes the flags of \`scoville build\`, among them:
  --json          the comparison as JSON (docs/reproducibility.md)
  --repro MODE    which normalising rules are used: safe, aggressive or off
`;

/** `scoville reproduce`. */
export const reproduce: Command = async (args, io) => {
  if (args.includes('--help') || args.includes('-h')) {
    io.writeOut(HELP);
    return EXIT.met;
  }
  const { words, attest } = ownAttest(args);
  const parsed = parseBuildArgs(words);
  if (!parsed.ok)
    throw new UserError(cleanLines(parsed.error.message.trimEnd()), {
      nextStep: usageLine('reproduce'),
    });
  if (parsed.value.kind === 'help') {
    io.writeOut(HELP);
    return EXIT.met;
  }
  const style = progressStyle(parsed.value, io.env);
  if (!style.ok) throw new UserError(style.error);
  const talk = await conversation(io, style.value, parsed.value.own.interactive);
  const result = await runReproduce(pipelineContext(io, talk.sink), parsed.value, io.stdin, {
    attest,
  }).finally(talk.stop);
  if (result.kind === 'buildx') return result.exitCode;
  const { comparison } = result;
  if (parsed.value.own.json) io.writeOut(jsonText(comparison));
  else {
    const { differencesReport } = await import('../reporters/image-differences.ts');
    io.writeOut(differencesReport(comparison, { color: io.color && io.outIsTerminal }));
  }
  return comparison.reproducible ? EXIT.met : EXIT.short;
};

/** `--attest` by itself is ours; with a value (`--attest type=sbom`) it is buildx'. */
function ownAttest(args: readonly string[]): {
  readonly words: readonly string[];
  readonly attest: boolean;
} {
  const words = args.filter(
    (word, i) => word !== '--attest' || (args[i + 1] ?? '').startsWith('type='),
  );
  return { words, attest: words.length < args.length };
}
