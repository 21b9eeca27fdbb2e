import type { SourceCommand, SourceWord } from '../../../model/dockerfile-source.ts';
import type { SourceRange } from '../../../model/dockerfile.ts';
import type { FixInput } from '../../../model/fix-rule.ts';
import { inStage, type Placed } from './stage-view.ts';

/** A command of a RUN with the RUN that it stands in. */
export interface FoundCommand {
  readonly run: Placed;
  readonly command: SourceCommand;
}

/**
 * The command that begins where a range of the analysis does, or the first that fits among those of
 * the scripts in its words; undefined where it has no place of its own.
 */
export function commandAt(
  input: FixInput,
  stage: number,
  range: SourceRange,
  fits: (words: readonly SourceWord[]) => boolean = () => true,
): FoundCommand | undefined {
  const run = runAt(input, stage, range);
  const at =
    run?.commands.findIndex(
      ({ command: { range: own } }) =>
        own.startLine === range.startLine && own.startColumn === range.startColumn,
    ) ?? -1;
  const outer = run?.commands[at];
  if (run === undefined || outer === undefined) return undefined;
  const { depth = 0 } = outer.command;
  const behind = run.commands.slice(at + 1);
  const end = behind.findIndex(({ command }) => (command.depth ?? 0) <= depth);
  const inner = behind.slice(0, end < 0 ? undefined : end);
  return { run, command: [outer, ...inner].find(({ words }) => fits(words)) ?? outer };
}

/** The instruction that a range of the analysis is in. */
export function runAt(input: FixInput, stage: number, range: SourceRange): Placed | undefined {
  return inStage(input, stage).find(
    ({ instruction: { range: own } }) =>
      own.startLine <= range.startLine && own.endLine >= range.endLine,
  );
}
