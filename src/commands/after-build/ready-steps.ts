import type { ReadyStep, Scorecard } from '../../model/scorecard.ts';
import type { Settings } from '../../model/settings.ts';
import type { ParsedBuild } from '../../plans/flags/parse-build-args.ts';
import type { CommandIo } from '../io.ts';
import { readyDeclarations } from './ready-declarations.ts';
import { readyEdits } from './ready-edits.ts';

/** The steps that are ready in the project of a build, those that change the most first. */
export async function readySteps(
  scorecard: Scorecard,
  parsed: ParsedBuild,
  settings: Settings,
  io: CommandIo,
): Promise<readonly ReadyStep[]> {
  const steps = await Promise.all([
    readyEdits(scorecard, parsed, settings, io),
    readyDeclarations(scorecard, parsed, io),
  ]);
  return steps.flatMap((step) => step ?? []);
}
