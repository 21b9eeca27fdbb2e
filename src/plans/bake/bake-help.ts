import { rows } from '../build-help.ts';
import { BAKE_FLAGS, OWN_BAKE_FLAGS } from './bake-flags.ts';

/** The text of `scoville bake --help`. */
export function bakeHelp(): string {
  const shown = BAKE_FLAGS.filter((flag) => flag.hidden !== true && flag.experimental !== true);
  return `Usage: scoville bake [OPTIONS] [TARGET...]

Builds the targets of a bake definition (HCL, JSON, compose) as scoville build does each: reproducibly, signed, attested
and graded. Nothing is published unless every target was built and met its gate, but with --keep-going what is good is.

Options of scoville, which count for each target (--no-NAME is the same as --NAME=false):
${rows(OWN_BAKE_FLAGS)}

Options of docker buildx bake, with their own meanings:
${rows(shown)}

TARGETS is a target's name, * standing for any letters. Any other option is handed on to buildx. Exit codes: 0 every
target met its gate; 1 one is short of it; 2 one could not be judged; a failed build keeps buildx' code; the worst counts.
`;
}
