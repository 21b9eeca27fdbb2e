import type { SourceCommand } from '../../model/dockerfile-source.ts';
import type { SourceRange } from '../../model/dockerfile.ts';
import type { FixInput } from '../../model/fix-rule.ts';
import { inStage, type Placed } from './stage-view.ts';

/** A command of a RUN with the RUN that it stands in. */
export interface FoundCommand {
  readonly run: Placed;
  readonly command: SourceCommand;
}

/** The command that begins where a range of the analysis does; undefined where it has no place of its own. */
export function commandAt(
  input: FixInput,
  stage: number,
  range: SourceRange,
): FoundCommand | undefined {
  const run = runAt(input, stage, range);
  const command = run?.commands.find(
    ({ command: { range: own } }) =>
      own.startLine === range.startLine && own.startColumn === range.startColumn,
  );
  return run === undefined || command === undefined ? undefined : { run, command };
}

/** The instruction that a range of the analysis is in. */
export function runAt(input: FixInput, stage: number, range: SourceRange): Placed | undefined {
  return inStage(input, stage).find(
    ({ instruction: { range: own } }) =>
      own.startLine <= range.startLine && own.endLine >= range.endLine,
  );
}
