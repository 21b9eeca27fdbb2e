import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { gateImage } from '../build/gate.ts';
import { pipelineContext } from '../cli/conversation.ts';
import { type CommandIo, readStream, writeProse } from '../cli/io.ts';
import { VERSION } from '../cli/version.ts';
import { FleetTally } from '../criteria/score.ts';
import { boundKeptDaily } from '../image/caches.ts';
import { err, EXIT, messageOf, ok, type Result, ToolError, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { inParallel } from '../lib/parallel.ts';
import { secondsText } from '../lib/text.ts';
import type { PipelineContext } from '../model/context.ts';
import type { PipelineEvent } from '../model/events.ts';
import type { FleetLine } from '../model/scorecard.ts';
import type { Settings } from '../model/settings.ts';
import {
  failedLine,
  FLEET_LINE_START,
  type FleetLineOf,
  fleetLineText,
  fleetSummary,
  gradedLine,
  parseFleetLine,
} from '../report/json.ts';
import { cleanForTerminal } from '../ui/text.ts';
import type { GradeFlags } from './flags.ts';
import { gradeOne, type GradeSession, gradeSession, unanswered } from './grade-image.ts';
import { type Kept, type LineFile, openLineFile } from './line-file.ts';
import { severalImages } from './several-images.ts';

/** A line of a list may be a path with blanks. A reference never has blanks. */
const PATH = /^(?:\.{0,2}\/|oci:|oci-archive:|docker-archive:)/;

/**
 * The images of a list, one a line, in order and without duplicates. Skips blank lines, lines that
 * begin with `#`, and comments after a blank and a `#`. An error names the first line that is not
 * an image.
 */
export function parseImageList(text: string): Result<readonly string[]> {
  const images = new Set<string>();
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    const line = (i === 0 ? raw.replace(/^\uFEFF/, '') : raw).replace(/(^|\s)#.*/s, '').trim();
    if (line === '') continue;
    if (line === '-' || (/\s/.test(line) && !PATH.test(line)))
      return err(`line ${i + 1} is not an image: ${JSON.stringify(line.slice(0, 80))}`);
    images.add(line);
  }
  return ok([...images]);
}

/** Reads a list of images from a file, or stdin for `-`. Throws UserError if none or not a list. */
async function readImageList(file: string, io: CommandIo): Promise<readonly string[]> {
  const name = file === '-' ? 'the list on stdin' : file;
  const read = parseImageList(await textOf(file, name, io));
  if (!read.ok)
    throw new UserError(`${name}: ${read.error}`, {
      nextStep:
        'a list has one image a line; to grade an image by its Dockerfile, name the image too: scoville grade --file DOCKERFILE IMAGE',
    });
  if (read.value.length === 0) throw new UserError(`${name} does not name an image`);
  return read.value;
}

async function textOf(file: string, name: string, io: CommandIo): Promise<string> {
  const stream = file === '-' ? io.stdin : createReadStream(resolve(io.cwd, file));
  return Buffer.from(await readStream(stream as AsyncIterable<Uint8Array>, name)).toString('utf8');
}

const TOOL = { name: 'scoville', version: VERSION } as const;

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
  const listed = await readImageList(list, io);
  const context = pipelineContext(io);
  const session = await gradeSession(context, flags, settings);
  const outside = { ...context, emit: warningsOf(list, io) };
  const images = await severalImages(listed, outside, session.options.registries);
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
    const isKnown = error instanceof UserError || error instanceof ToolError;
    const nextStep = isKnown ? error.nextStep : undefined;
    return failedLine(head(), { message: messageOf(error), ...given({ nextStep }) });
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
