import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { FleetTally } from '../../grading/fleet-tally.ts';
import { EXIT, messageOf, ToolError, UserError } from '../../model/errors.ts';
import type { PipelineEvent } from '../../model/events.ts';
import type { FleetLine } from '../../model/fleet.ts';
import { inParallel } from '../../model/in-parallel.ts';
import { secondsText } from '../../model/quantity.ts';
import type { Settings } from '../../model/settings.ts';
import { boundKeptDaily } from '../../pipeline/bound-caches.ts';
import type { PipelineContext } from '../../pipeline/context.ts';
import { type Kept, type LineFile, openLineFile } from '../../pipeline/grade/line-file.ts';
import { gateImage } from '../../pipeline/image-build/gate-image.ts';
import {
  failedLine,
  FLEET_LINE_START,
  type FleetLineOf,
  fleetLineText,
  gradedLine,
  parseFleetLine,
} from '../../reporters/fleet-line.ts';
import { fleetSummary } from '../../reporters/fleet-summary.ts';
import { cleanForTerminal } from '../../ui/clean.ts';
import { pipelineContext } from '../context.ts';
import type { CommandIo } from '../io.ts';
import { writeProse } from '../prose.ts';
import { VERSION } from '../version.ts';
import type { GradeFlags } from './grade-flags.ts';
import { gradeOne, type GradeSession, gradeSession, unanswered } from './grade-session.ts';
import { readImageList } from './image-list.ts';

const TOOL = { name: 'scoville', version: VERSION } as const;

/** What one run over a list shares. */
interface Run {
  readonly io: CommandIo;
  readonly flags: GradeFlags;
  readonly settings: Settings;
  readonly context: PipelineContext;
  readonly session: GradeSession;
  readonly asked: string;
  readonly total: number;
  readonly tally: FleetTally;
  readonly write: (line: string) => Promise<void>;
}

/**
 * `scoville grade --file LIST`: one JSON line an image, written when it is graded. What an earlier
 * run with the same flags wrote to `--output` is not graded again; what failed then is. Exit code:
 * the worst of all.
 */
export async function gradeFleet(
  list: string,
  flags: GradeFlags,
  settings: Settings,
  io: CommandIo,
): Promise<number> {
  const images = await readImageList(list, io);
  const context = pipelineContext(io, () => undefined);
  const session = await gradeSession(context, flags, settings);
  const asked = fingerprint(session, settings);
  const tally = new FleetTally();
  const left = new Set(images);
  const file =
    flags.output === undefined
      ? undefined
      : await openLineFile(resolve(io.cwd, flags.output), earlier(left, asked, tally));
  const write = async (line: string): Promise<void> => {
    if (file === undefined) io.writeOut(`${line}\n`);
    else await file.append(line);
  };
  const total = images.length;
  const run: Run = { io, flags, settings, context, session, asked, total, tally, write };
  if (left.size < images.length && !flags.quiet)
    io.writeErr(`scoville: ${images.length - left.size} of ${images.length} are there already\n`);
  try {
    await gradeLeft([...left], run);
  } finally {
    await closeAndTell(file, run);
  }
  const { failed, short } = tally.totals();
  return failed > 0 ? EXIT.failed : short > 0 ? EXIT.short : EXIT.met;
}

async function gradeLeft(left: readonly string[], run: Run): Promise<void> {
  const { io, flags, context } = run;
  let done = run.total - left.length;
  await inParallel(left, flags.jobs, async (image) => {
    const started = io.now();
    const line = await gradedOrFailed(image, run);
    await run.write(fleetLineText(line));
    run.tally.add(line);
    done += 1;
    const seconds = secondsText((io.now() - started) / 1000);
    if (!flags.quiet || line.status === 'failed')
      io.writeErr(`[${done}/${run.total}] ${cleanForTerminal(progressText(line))} (${seconds})\n`);
  });
  await boundKeptDaily(context);
}

async function gradedOrFailed(
  image: string,
  { io, flags, settings, context, session, asked }: Run,
): Promise<FleetLine> {
  const head = (): FleetLineOf => ({
    image,
    asked,
    tool: TOOL,
    at: new Date(io.now()).toISOString(),
  });
  try {
    const mine = { ...context, emit: warningsOf(image, io) };
    const { scorecard } = await gradeOne(mine, session, image, io.stdin);
    const [open] = unanswered(flags, settings.gate, scorecard);
    if (open !== undefined)
      throw new UserError(`could not judge all: ${open}`, { nextStep: '--platform OS/ARCH' });
    const short = gateImage(mine, settings.gate, scorecard).shortfalls.map(
      ({ message }) => message,
    );
    return gradedLine(head(), scorecard, short);
  } catch (error) {
    context.signal.throwIfAborted();
    const nextStep =
      error instanceof UserError || error instanceof ToolError ? error.nextStep : undefined;
    return failedLine(head(), {
      message: messageOf(error),
      ...(nextStep === undefined ? {} : { nextStep }),
    });
  }
}

function warningsOf(image: string, io: CommandIo): (event: PipelineEvent) => void {
  return (event) => {
    if (event.kind === 'warning')
      io.writeErr(`scoville: warning: ${cleanForTerminal(`${image}: ${event.text}`)}\n`);
  };
}

function progressText(line: FleetLine): string {
  if (line.status === 'failed') return `${line.image}: failed: ${line.error.message}`;
  const { points, total, grade } = line.overall;
  const gate = line.short.length > 0 ? ', short of the gate' : '';
  return `${line.image}: level ${line.level}, ${grade} (${points}/${total})${gate}`;
}

/** Says which lines of an earlier run still answer, and takes their images from what is left. */
function earlier(
  left: Set<string>,
  asked: string,
  tally: FleetTally,
): (text: string, isLast: boolean) => Kept {
  return (text, isLast) => {
    const line = parseFleetLine(text);
    if (line === undefined) {
      const isCut =
        isLast && (text.startsWith(FLEET_LINE_START) || FLEET_LINE_START.startsWith(text));
      return isCut ? 'drop' : 'foreign';
    }
    // Not of this list: somebody else's answer, and none of our business.
    if (!left.has(line.image)) return 'keep';
    if (line.status === 'failed' || line.asked !== asked) return 'drop';
    left.delete(line.image);
    tally.add(line);
    return 'keep';
  };
}

async function closeAndTell(file: LineFile | undefined, run: Run): Promise<void> {
  const { io, flags, tally, total } = run;
  await file?.close();
  const totals = tally.totals();
  const summary = fleetSummary(totals);
  // With the lines on stdout, the summary is part of the conversation.
  if (file === undefined) io.writeErr(summary);
  else if (!flags.quiet) writeProse(io, summary);
  const missing = total - totals.graded - totals.failed;
  if (missing > 0 && flags.output !== undefined)
    io.writeErr(
      `scoville: ${missing} of ${total} were not come to; the same command goes on from there\n`,
    );
}

/** A hash of what verdicts depend on in flags, settings, VEX: withdrawn promises stop counting. */
function fingerprint({ flags, options }: GradeSession, settings: Settings): string {
  const { platforms, secrets, signers } = flags;
  const text = JSON.stringify({ platforms, secrets, signers, settings, vex: options.vex });
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
