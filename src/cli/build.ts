import { join, relative, resolve, sep } from 'node:path';
import { build as runBuild, type BuildResult } from '../build/build.ts';
import { parseBuildArgs, type ParsedBuild } from '../build/command-line.ts';
import { BUILD, uselessWithoutImage } from '../build/flags.ts';
import {
  type BuildPlan,
  type PassthroughPlan,
  type ProgressStyle,
  progressStyle,
} from '../build/plan.ts';
import { isAddress } from '../build/shown-command.ts';
import { reportFiles, requireWritable } from '../config/project-files.ts';
import { nextSteps, withSteps } from '../criteria/next-steps.ts';
import { keepReport, keptReport } from '../grade/kept-report.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import type { PipelineContext } from '../model/context.ts';
import type { EventSink, PipelineEvent } from '../model/events.ts';
import type { ReportInput, ReportRequest } from '../model/report.ts';
import type { ReadyStep } from '../model/scorecard.ts';
import type { Settings } from '../model/settings.ts';
import { jsonText } from '../report/text.ts';
import { requireCosign } from '../trust/cosign.ts';
import {
  keepSigningChoice,
  signingChoice,
  type SigningChoice,
  signingFile,
  withSigningChoice,
} from '../trust/signer.ts';
import { cleanForTerminal } from '../ui/text.ts';
import { askingSigner } from './asking-signer.ts';
import { isForPerson, pipelineContext, withProgress } from './conversation.ts';
import { lastValueOf } from './flag-table.ts';
import { saidWrong } from './flags.ts';
import { ALL_HELP, type Command, type CommandIo, writeHelp } from './io.ts';
import { pathsOf } from './paths.ts';
import type { prepareSteps } from './ready-steps.ts';
import { writeReports } from './render-report.ts';

const NO_REVIEW = '--review asks in a terminal, without -q or --json; scoville fix shows its edits';

export const build: Command = async (args, io) => {
  const parsed = parseBuildArgs(args, io.env);
  if (!parsed.ok) return saidWrong(parsed.error, io);
  if (parsed.value.kind === 'help') {
    await writeHelp(io, BUILD, args.includes(ALL_HELP));
    return EXIT.met;
  }
  const over = new AbortController();
  try {
    return await runParsed(parsed.value, io, over.signal);
  } finally {
    over.abort();
  }
};

/** `over` ends what was begun for a card that did not come. */
async function runParsed(given: ParsedBuild, io: CommandIo, over: AbortSignal): Promise<number> {
  requireImage(given);
  await requireFiles(given, io);
  const style = progressStyle(given, io.env);
  if (!style.ok) throw new UserError(style.error, { exitCode: 1 });
  const { parsed, choice } = await withSigner(style.value, given, io);
  const shown = asked(style.value, parsed);
  const quiet = style.value === 'quiet';
  const ready = ahead(parsed, io, quiet, over);
  const { value: result } = await askingSigner(io, shown, (own) => {
    const run = (context: PipelineContext): Promise<BuildResult> => {
      const emit: EventSink = (event) => {
        ready.watch(event);
        context.emit(event);
      };
      return runBuild({ ...context, emit }, parsed, io.stdin);
    };
    return withProgress(own, run, style.value, shown.interactive);
  });
  const code = await tell(result, parsed, io, quiet, ready);
  if (result.kind !== 'done' && result.kind !== 'short') return code;
  if (choice !== undefined) await keepSigningChoice(pipelineContext(io), choice);
  const wantsReview = parsed.own.review || result.judged.settings.ui.after === 'review';
  if (!wantsReview) return code;
  if (!(await isForPerson(io, shown))) {
    if (parsed.own.review) io.writeErr(`scoville: ${NO_REVIEW}\n`);
    return code;
  }
  const { fixRequestOf } = await import('./ready-steps.ts');
  const request = fixRequestOf(parsed, result.judged.settings, io);
  if (request === undefined) return code;
  const { pickAfterBuild } = await import('../fix/pick-screen.tsx');
  await pickAfterBuild(request, io);
  return code;
}

/** A step of the Dockerfile that ran: what is built is another image, and will be judged. */
const RAN = /^\[(?!internal\])[^\]]*\] (?!FROM )/;

type Looked = Omit<Extract<PipelineEvent, { readonly kind: 'scored' }>, 'kind'>;

/** Loads code while BuildKit works, and looks for edits while Docker or a registry does. */
function ahead(parsed: ParsedBuild, io: CommandIo, quiet: boolean, over: AbortSignal) {
  const untilOver = { ...io, signal: AbortSignal.any([io.signal, over]) };
  let settings: Settings | undefined;
  let prepared: ReturnType<typeof prepareSteps> | undefined;
  let steps: Promise<readonly ReadyStep[]> | undefined;
  const look = ({ scorecard, settings }: Looked): void => {
    steps ??= import('./ready-steps.ts').then(({ readySteps }) =>
      readySteps(scorecard, parsed, settings, io, prepared),
    );
    // A failure is met where they are shown.
    steps.catch(() => undefined);
  };
  const prepare = (by: Settings): void => {
    if (prepared !== undefined || steps !== undefined || quiet || !parsed.own.grade) return;
    prepared = import('./ready-steps.ts').then((ready) =>
      ready.prepareSteps(parsed, by, untilOver),
    );
    prepared.catch(() => undefined);
  };
  const watch = (event: PipelineEvent): void => {
    if (
      event.kind === 'build-step' &&
      event.step.state === 'started' &&
      RAN.test(event.step.name)
    ) {
      void import('../build/inspect-sign-judge.ts');
      // Databases of vulnerabilities are asked over it.
      if (parsed.own.grade) void import('../lib/origins.ts');
    }
    if (event.kind === 'buildx-started') ({ settings } = event);
    if (event.kind === 'transfer' && event.phase === 'load' && settings !== undefined)
      prepare(settings);
    if (event.kind === 'buildx-started' && !quiet) {
      void import('./ready-steps.ts');
      void import('../report/terminal.ts');
    }
    // It may read the base images: nobody waits for it where nobody reads the steps.
    const reported = isReported(parsed);
    if (event.kind === 'scored' && (reported || !quiet)) look(event);
    if (event.kind === 'judged' && (event.isShort || reported || !(quiet || event.unchanged)))
      look(event);
  };
  return { watch, steps: () => steps };
}

type Ahead = ReturnType<typeof ahead>;

function isReported(parsed: ParsedBuild): boolean {
  return reportRequests(parsed).length > 0;
}

/** Throws UserError for a flag that would do nothing silently, since the build makes no image. */
function requireImage({ own, output }: ParsedBuild): void {
  const name = output.kind === 'passthrough' ? uselessWithoutImage(own) : undefined;
  if (output.kind === 'passthrough' && name !== undefined)
    throw new UserError(`--${name}: ${output.reason}, so it would do nothing`);
}

/** Throws UserError for a file that the build could not write; skips folders that outputs make. */
async function requireFiles(parsed: ParsedBuild, io: CommandIo): Promise<void> {
  const { output } = parsed;
  if (output.kind === 'passthrough' || output.others.length > 0) return;
  const files = output.destinations.flatMap((one) => (one.kind === 'file' ? [one] : []));
  await requireWritable(
    io.cwd,
    [
      ...files.filter(({ directory }) => !directory).map(({ path }) => path),
      lastValueOf(parsed, 'iidfile'),
      lastValueOf(parsed, 'metadata-file'),
      ...reportFiles(parsed.own.report),
    ],
    files.filter(({ directory }) => directory).map(({ path }) => path),
  );
}

/** Adds how to sign, if nothing else says: as kept, or as just asked (`choice`, to be kept). */
async function withSigner(
  style: ProgressStyle,
  parsed: ParsedBuild,
  io: CommandIo,
): Promise<{ readonly parsed: ParsedBuild; readonly choice?: SigningChoice }> {
  const context = pipelineContext(io);
  const choice = await signingChoice(context, parsed);
  if (choice === undefined) return { parsed };
  if (choice !== 'open') {
    if (style !== 'quiet') io.writeErr(keptText(choice, signingFile(context)));
    return { parsed: withSigningChoice(parsed, choice) };
  }
  if (!(await isForPerson(io, asked(style, parsed)))) return { parsed };
  // Before the question: no answer to it would sign anything without cosign.
  requireCosign(context);
  const { askFirstKey } = await import('./signer-questions.ts');
  const first = await askFirstKey(context, io);
  return { parsed: withSigningChoice(parsed, first), choice: first };
}

/** A kept answer that no longer works fails every build. A key's URI may have a PIN. */
function keptText(choice: SigningChoice, file: string): string {
  switch (choice.with) {
    case 'own-key':
      return '';
    case 'nothing':
      return `scoville: not signed, as kept in ${file}; --sign makes a key\n`;
    case 'keyless':
      return `scoville: signed keylessly, as kept in ${file}; remove it to be asked again\n`;
    case 'key':
      return `scoville: signed with the key that is kept in ${file}; remove it to be asked again\n`;
  }
}

function asked(
  style: ProgressStyle,
  { own: { interactive, json } }: ParsedBuild,
): Parameters<typeof isForPerson>[1] {
  return { style, interactive, json };
}

async function tell(
  result: BuildResult,
  parsed: ParsedBuild,
  io: CommandIo,
  quiet: boolean,
  ready: Ahead,
): Promise<number> {
  switch (result.kind) {
    case 'buildx':
      return result.exitCode;
    case 'planned':
      await printPlan(result.plan, parsed, io);
      return EXIT.met;
    case 'short':
      await report(result.report, parsed, io, quiet, ready);
      for (const { message, criteria } of result.shortfalls)
        io.writeErr(
          `scoville: short of the gate: ${cleanForTerminal(message)} (${criteria.join(', ')})\n`,
        );
      io.writeErr('scoville: nothing was tagged, loaded or pushed\n');
      return EXIT.short;
    case 'done':
      if (result.report !== undefined) await report(result.report, parsed, io, quiet, ready);
      if (quiet && (result.report === undefined || !reportRequests(parsed).some(isOnStdout)))
        io.writeOut(`${result.index.digest}\n`);
      return EXIT.met;
  }
}

async function printPlan(
  plan: BuildPlan | PassthroughPlan,
  parsed: ParsedBuild,
  io: CommandIo,
): Promise<void> {
  const { describePlan, planAsJson } = await import('../build/describe-plan.ts');
  io.writeOut(parsed.own.json ? jsonText(planAsJson(plan)) : describePlan(plan));
}

/** `--quiet` is the result alone: the digest, or the report that was asked for on stdout. */
const isOnStdout = ({ file }: ReportRequest): boolean => file === undefined;

function reportRequests({ own: { report, json } }: ParsedBuild): readonly ReportRequest[] {
  return [...report, ...(json ? [{ format: 'json' } as const] : [])];
}

/** Always writes file reports; stdout is for `--quiet`'s digest or an image before a report. */
async function report(
  image: ReportInput,
  parsed: ParsedBuild,
  io: CommandIo,
  quiet: boolean,
  ready: Ahead,
): Promise<void> {
  const requests = reportRequests(parsed);
  const { output } = parsed;
  const imageOnStdout =
    output.kind === 'image' &&
    output.destinations.some((one) => one.kind === 'file' && one.path === '-');
  const dockerfile = dockerfilePath(parsed, io.cwd);
  const home = { paths: pathsOf(io), cwd: io.cwd };
  const looked = await ready.steps();
  const before = looked === undefined ? await keptReport(home, image.scorecard.image) : undefined;
  // Steps of a grade by name do not know the build.
  const isSame =
    before?.scorecard.digest === image.scorecard.digest && before.dockerfile === dockerfile;
  const source = { build: parsed.again, dockerfile, grade: gradeAgain(parsed) };
  const steps =
    (isSame ? before.steps : undefined) ??
    nextSteps(image.scorecard, { ...source, ready: looked ?? [] });
  const subject = {
    kind: 'image',
    image: {
      ...image,
      scorecard: withSteps(image.scorecard, steps),
      steps,
      ...(dockerfile === undefined ? {} : { dockerfile }),
    },
  } as const;
  await keepReport(home, subject.image);
  const isSilent = quiet && !requests.some(isOnStdout);
  const write = isSilent ? undefined : imageOnStdout ? io.writeErr : io.writeOut;
  await writeReports(subject, requests, io, write, parsed.own.verbose);
}

/** The flags of a build with which its image is graded again. */
function gradeAgain({ own: { config, plainHttp } }: ParsedBuild): readonly string[] {
  return [
    ...(config === undefined ? [] : ['--policy', config]),
    ...plainHttp.flatMap((host) => ['--plain-http', host]),
  ];
}

/** The Dockerfile for SARIF, relative to `cwd`, with `/`; undefined outside it or in no folder. */
function dockerfilePath(parsed: ParsedBuild, cwd: string): string | undefined {
  const file = lastValueOf(parsed, 'file') ?? '';
  if (file === '-' || parsed.context === '-' || isAddress(parsed.context)) return undefined;
  const path = relative(cwd, resolve(cwd, file === '' ? join(parsed.context, 'Dockerfile') : file));
  return path.startsWith('..') ? undefined : path.split(sep).join('/');
}
