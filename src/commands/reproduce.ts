import { EXIT, UserError } from '../model/errors.ts';
import type { ReportRequest } from '../model/report.ts';
import {
  type ReproduceOptions,
  type Reproduction,
  reproduce as runReproduce,
} from '../pipeline/reproduce.ts';
import { parseBuildArgs } from '../plans/parse-build-args.ts';
import { progressStyle } from '../plans/progress-style.ts';
import { cleanLines } from '../ui/clean.ts';
import { comparisonReports, writeComparison } from './comparison-report.ts';
import { pipelineContext } from './context.ts';
import { conversation } from './conversation.ts';
import { usageLine } from './help.ts';
import type { Command, CommandIo } from './io.ts';
import { readImageFlags } from './reproduce-flags.ts';

const HELP = `Usage: scoville reproduce [--attest] [scoville build flags] PATH|URL
       scoville reproduce [flags] IMAGE

PATH: builds the image, then again without a cache, from a copy of the context in another folder with other times, and compares the
image manifests. Nothing is tagged, loaded or pushed.
IMAGE: a published image, built again from what its provenance says: the source at its commit, fetched anew, with the recorded arguments, images by
digest and epoch; its manifests are compared with the new ones. Where the provenance lacks what that takes, the answer is exit 2.

Where they differ, names each file, in what it differs, the Dockerfile line that wrote it, why, and what to do.
Exit 0: the same digest; 1: not; 2: it cannot be told. A build of PATH that fails keeps buildx' code; one of IMAGE is exit 2.

PATH takes the flags of \`scoville build\`, among them:
  --attest               sign the result and keep it with the newest build of that name (-t NAME): scoville push publishes it,
                         scoville grade and verify read it
  --tomorrow             run the second build's RUNs on the next day (takes libfaketime here); exit 2 where that cannot be arranged
  --json                 the comparison as JSON (docs/reproducibility.md)
  --report FORMAT[=FILE] terminal, json or html; may be repeated
  --diffoscope           have diffoscope, where it is installed, look into the first ten binary files that differ
  --repro MODE           which normalising rules are used: safe, aggressive or off

IMAGE takes
  --source URL           fetch the commit from this repository (https or file) in place of the one that is named
  --build-arg NAME=VALUE an argument whose value the provenance masks; --secret and --ssh as for \`scoville build\`
  --key FILE|URI         a public key that must have signed the provenance; may be repeated
  --certificate-identity NAME    or a keyless signer, with --certificate-oidc-issuer URL; either as --...-regexp PATTERN
  --trusted-root FILE    sigstore's trusted root for keyless signatures (default: cosign fetches it)
  --attest               sign the result and publish it beside the image
  --signing-key KEY|URI  with this key (default: sign.key, else your own)
  --platform OS/ARCH     only this platform
  --json, --report, --diffoscope   as above
  --plain-http HOST      speak HTTP without TLS to this registry; may be repeated (loopback hosts need none)
`;

/** `scoville reproduce`. */
export const reproduce: Command = async (args, io) => {
  if (args.includes('--help') || args.includes('-h')) {
    io.writeOut(HELP);
    return EXIT.met;
  }
  const image = await readImageFlags(args, io.cwd);
  if (image !== undefined) {
    const { reproduceNamed } = await import('./reproduce-image.ts');
    const reports = comparisonReports(image.reports, image.json);
    return answer(await reproduceNamed(image, io), reports, io);
  }
  const { words, ...options } = ownWords(args);
  const parsed = parseBuildArgs(words);
  if (!parsed.ok)
    throw new UserError(cleanLines(parsed.error.message.trimEnd()), {
      nextStep: usageLine('reproduce'),
    });
  if (parsed.value.kind === 'help') {
    io.writeOut(HELP);
    return EXIT.met;
  }
  const { json, reports: requests } = parsed.value.own;
  const reports = comparisonReports(requests, json);
  const style = progressStyle(parsed.value, io.env);
  if (!style.ok) throw new UserError(style.error);
  const talk = await conversation(io, style.value, parsed.value.own.interactive);
  const result = await runReproduce(pipelineContext(io, talk.sink), parsed.value, io.stdin, {
    ...options,
  }).finally(talk.stop);
  return answer(result, reports, io);
};

async function answer(
  result: Reproduction,
  reports: readonly ReportRequest[],
  io: CommandIo,
): Promise<number> {
  if (result.kind === 'buildx') return result.exitCode;
  const { comparison, doubts } = result;
  await writeComparison(comparison, reports, io);
  if (comparison.reproducible) return EXIT.met;
  if (doubts.length === 0) return EXIT.short;
  throw new UserError(`it cannot be told whether the image is reproducible: ${doubts.join('; ')}`);
}

/** `--attest` by itself is ours; with a value (`--attest type=sbom`) it is buildx'. */
function ownWords(
  args: readonly string[],
): ReproduceOptions & { readonly words: readonly string[] } {
  const others = args.filter((word) => word !== '--tomorrow' && word !== '--diffoscope');
  const words = others.filter(
    (word, i) => word !== '--attest' || (others[i + 1] ?? '').startsWith('type='),
  );
  return {
    words,
    attest: words.length < others.length,
    tomorrow: args.includes('--tomorrow'),
    deeper: args.includes('--diffoscope'),
  };
}
