import { resolve } from 'node:path';
import { historyMisfit } from '../../facts/history-fit.ts';
import type { StepSource } from '../../grading/next-steps.ts';
import type { ReportInput } from '../../model/report.ts';
import type { ReadyStep, Scorecard } from '../../model/scorecard.ts';
import type { PipelineContext } from '../../pipeline/context.ts';
import { lastScorecard } from '../../pipeline/image-build/last-scorecard.ts';
import { readText } from '../../pipeline/read-text.ts';
import type { CommandIo } from '../io.ts';
import { projectSettings } from '../project-settings.ts';

const FILE = 'Dockerfile';
const LARGEST = 4 * 2 ** 20;

/**
 * What commands for a graded image can stand on: the build that made it here, or a Dockerfile of this
 * folder that fits its history. Nothing, for the image of another project.
 */
export async function stepSource(
  context: PipelineContext,
  { scorecard, contents = [] }: ReportInput,
  io: CommandIo,
): Promise<StepSource> {
  const path = resolve(context.cwd, FILE);
  const last = await lastScorecard(context, path, undefined);
  if (last?.digest === scorecard.digest) {
    const words = last.build?.cwd === context.cwd ? last.build.words : undefined;
    const ready = words === undefined ? [] : await readyFor(scorecard, words, io);
    return { dockerfile: FILE, build: words, ready };
  }
  const image = contents[0]?.facts.image;
  const text = await readText(path, { largest: LARGEST }).catch(() => undefined);
  if (text === undefined || image?.known !== true) return {};
  const { analyseDockerfile } = await import('../../dockerfile/analyse-dockerfile.ts');
  const parsed = analyseDockerfile(text, { built: true, buildArgs: {} });
  const fits = parsed.ok && historyMisfit(parsed.value.model, image.value.config) === undefined;
  return fits ? { dockerfile: FILE } : {};
}

async function readyFor(
  scorecard: Scorecard,
  words: readonly string[],
  io: CommandIo,
): Promise<readonly ReadyStep[]> {
  const [{ parseBuildArgs }, { readySteps }] = await Promise.all([
    import('../../plans/flags/parse-build-args.ts'),
    import('../after-build/ready-steps.ts'),
  ]);
  const parsed = parseBuildArgs(words, io.env);
  if (!parsed.ok || parsed.value.kind === 'help') return [];
  return readySteps(scorecard, parsed.value, await projectSettings(undefined, io), io);
}
