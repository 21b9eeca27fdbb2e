import { resolve } from 'node:path';
import { gateImage, lastScorecard } from '../build/gate.ts';
import { conversation, pipelineContext } from '../cli/conversation.ts';
import { command, usageLine } from '../cli/flags.ts';
import type { CommandIo } from '../cli/io.ts';
import { projectSettings } from '../cli/operands.ts';
import { writeReports } from '../cli/render-report.ts';
import { readText } from '../config/read-files.ts';
import { nextSteps, type StepSource, withSteps } from '../criteria/next-steps.ts';
import { historyMisfit } from '../facts/build-facts.ts';
import { boundKeptDaily } from '../image/caches.ts';
import { EXIT, messageOf, ToolError, UserError } from '../lib/errors.ts';
import type { PipelineContext } from '../model/context.ts';
import type { ReportInput, ReportRequest, ReportSubject } from '../model/report.ts';
import type { ReadyStep, Scorecard } from '../model/scorecard.ts';
import type { Settings } from '../model/settings.ts';
import { cleanForTerminal } from '../ui/text.ts';
import { GRADE, type GradeFlags, gradeFlags } from './flags.ts';
import { gradeOne, gradeSession, gradeSettings, unanswered } from './grade-image.ts';
import { keepReport } from './kept-report.ts';
import { severalImages } from './several-images.ts';

const OPEN_NEXT =
  'name the platforms that count and are here (--platform linux/amd64), or grade the image from its registry, which has all';

export const grade = command(GRADE, async (values, images, io) => {
  const flags = gradeFlags(values, images);
  if (flags.list !== undefined) {
    const { gradeFleet } = await import('./fleet.ts');
    return gradeFleet(flags.list, flags, await gradeSettings(flags, io), io);
  }
  if (flags.images.length === 0)
    throw new UserError('grade needs an image', { nextStep: usageLine(GRADE) });
  if (flags.diff && flags.images.length !== 2)
    throw new UserError('--diff takes two images, the older first', {
      nextStep: 'scoville grade --diff OLD NEW',
    });
  const settings = await gradeSettings(flags, io);
  const { graded, unmet, open, failed } = await gradeAll(flags, settings, io);
  const requests: readonly ReportRequest[] = [
    ...flags.report,
    ...(flags.json ? [{ format: 'json' } as const] : []),
  ];
  await writeReports(subjectOf(graded, flags.diff), requests, io, io.writeOut, flags.verbose);
  for (const text of failed) io.writeErr(`scoville: not graded: ${cleanForTerminal(text)}\n`);
  for (const text of unmet) io.writeErr(`scoville: short of the gate: ${cleanForTerminal(text)}\n`);
  for (const text of open)
    io.writeErr(`scoville: could not judge all: ${cleanForTerminal(text)}\n`);
  if (open.length > 0) io.writeErr(`  next: ${OPEN_NEXT}\n`);
  if (open.length + failed.length > 0) return EXIT.failed;
  return unmet.length === 0 ? EXIT.met : EXIT.short;
});

interface Answer {
  readonly graded: readonly ReportInput[];
  readonly unmet: readonly string[];
  readonly open: readonly string[];
  readonly failed: readonly string[];
}

async function gradeAll(flags: GradeFlags, settings: Settings, io: CommandIo): Promise<Answer> {
  const talk = await conversation(io, flags.quiet ? 'quiet' : 'auto', true);
  try {
    const context = pipelineContext(io, talk.sink);
    const session = await gradeSession(context, flags, settings);
    const graded: ReportInput[] = [];
    const unmet: string[] = [];
    const open: string[] = [];
    const failed: string[] = [];
    const images = await severalImages(flags.images, context, session.options.registries);
    for (const text of images) {
      const report = await gradeOne(context, session, text, io.stdin).catch((error: unknown) => {
        const isKnown = error instanceof UserError || error instanceof ToolError;
        if (!isKnown || images.length === 1 || flags.diff) throw error;
        context.signal.throwIfAborted();
        failed.push(`${text}: ${messageOf(error)}`);
        return undefined;
      });
      if (report === undefined) continue;
      const prefix = images.length > 1 ? `${text}: ` : '';
      const { gate } = gateImage(context, settings.gate, report.scorecard);
      for (const line of gate?.unmet ?? []) unmet.push(`${prefix}${line}`);
      for (const reason of unanswered(flags, settings.gate, report.scorecard))
        open.push(`${prefix}${reason}`);
      const source = await stepSource(context, report, io);
      const steps = nextSteps(report.scorecard, { ...source, grade: flags.again });
      const whole = {
        ...report,
        ...(gate === undefined ? {} : { gate }),
        scorecard: withSteps(report.scorecard, steps),
        steps,
      };
      await keepReport(context, whole);
      graded.push(whole);
    }
    await boundKeptDaily(context);
    if (graded.length === 0)
      throw new UserError(`none of ${images.length} images could be graded: ${failed.join('; ')}`);
    return { graded, unmet, open, failed };
  } finally {
    talk.stop();
  }
}

function subjectOf(graded: readonly ReportInput[], diff: boolean): ReportSubject {
  const [first, second] = graded;
  if (first === undefined) throw new Error('nothing was graded');
  if (second === undefined) return { kind: 'image', image: first };
  return diff
    ? { kind: 'difference', before: first, after: second }
    : { kind: 'comparison', images: graded };
}

const FILE = 'Dockerfile';
const LARGEST = 4 * 2 ** 20;

/**
 * The source for commands about a graded image: the build that made it here, or a Dockerfile of
 * this folder that fits its history. Nothing for the image of another project.
 */
async function stepSource(
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
  const { analyseDockerfile } = await import('../dockerfile/analyse-dockerfile.ts');
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
    import('../build/command-line.ts'),
    import('../cli/ready-steps.ts'),
  ]);
  const parsed = parseBuildArgs(words, io.env);
  if (!parsed.ok || parsed.value.kind === 'help') return [];
  return readySteps(scorecard, parsed.value, await projectSettings(undefined, io), io);
}
