import { type BakeJob, jobWords } from '../../plans/bake/bake-jobs.ts';
import type { ParsedBake } from '../../plans/bake/parse-bake-args.ts';
import { parseBuildArgs, type ParsedBuild } from '../../plans/flags/parse-build-args.ts';
import type { PipelineContext } from '../context.ts';
import { signingChoice, signingFile, withSigningChoice } from '../sign/signing-choice.ts';

/** True where a target of a bake would make the user's first key, which nobody chose. */
export async function opensFirstKey(
  context: PipelineContext,
  { ownWords, dryRun }: Pick<ParsedBake, 'ownWords' | 'dryRun'>,
  jobs: readonly BakeJob[],
): Promise<boolean> {
  if (dryRun) return false;
  for (const job of jobs) {
    const command = parseBuildArgs([...ownWords, ...jobWords(job, new Map())], context.env);
    // What is wrong with a target shows when it is built.
    if (!command.ok || command.value.kind === 'help') continue;
    if ((await signingChoice(context, command.value)) === 'open') return true;
  }
  return false;
}

/** A target's build, signed as the person once chose where nothing else says how. */
export async function withKeptSigner(
  context: PipelineContext,
  command: ParsedBuild,
): Promise<ParsedBuild> {
  const choice = await signingChoice(context, command);
  if (choice === undefined || choice === 'open') return command;
  if (choice.with === 'nothing')
    context.emit({
      kind: 'notice',
      text: `not signed, as kept in ${signingFile(context)}; --sign makes a key`,
    });
  return withSigningChoice(command, choice);
}
