import { randomBytes } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { formatProblem } from '../../config/document.ts';
import { parseExercises } from '../../config/parse-exercises.ts';
import { EXIT, messageOf, UserError } from '../../model/errors.ts';
import type { Exercise } from '../../model/exercise.ts';
import type { ProfileSummary } from '../../model/made-profile.ts';
import type { PipelineContext } from '../../pipeline/context.ts';
import {
  proveProfile,
  type ProfileRequest,
  type TracedImage,
  traceForProfile,
} from '../../pipeline/profile/profile-image.ts';
import { confinementWords } from '../../pipeline/profile/run-container.ts';
import { readJsonFile } from '../../pipeline/read-json-file.ts';
import { readText } from '../../pipeline/read-text.ts';
import { isFolder } from '../../pipeline/require-writable.ts';
import { writeFileBeside } from '../../pipeline/write-file-beside.ts';
import type { FlagValues } from '../../plans/flags/flag.ts';
import { checkProfile } from '../../profile/check-profile.ts';
import { goneRights, startsProcesses } from '../../profile/gone-rights.ts';
import { documentText } from '../../profile/seccomp-document.ts';
import { jsonText } from '../../reporters/json-text.ts';
import { checkText, profileText } from '../../reporters/profile-text.ts';
import { MalformedProfile } from '../../rules/security-profile/seccomp/read-profile.ts';
import { removeLocalTag } from '../../tools/docker/docker-container.ts';
import { cleanForTerminal } from '../../ui/clean.ts';
import { pipelineContext } from '../context.ts';
import { command } from '../flags.ts';
import type { CommandIo } from '../io.ts';
import { PROFILE, secondsOf } from './profile-flags.ts';

type Flags = FlagValues<typeof PROFILE.flags>;

const LARGEST_EXERCISES = 256 * 1024;

/** `scoville profile`. */
export const profile = command(PROFILE, async (flags, [operand = ''], io) => {
  const exercises = await exercisesOf(flags, io);
  const committed = flags.check ? await committedProfile(flags, io) : undefined;
  const built = (await isFolder(resolve(io.cwd, operand)))
    ? await buildFolder(operand, io)
    : operand;
  if (typeof built === 'number') return built;
  const context = pipelineContext(io, progress(io));
  const request: ProfileRequest = {
    image: built,
    exercises,
    env: flags.env,
    timeoutMs: flags.timeout * 1000,
    forMs: secondsOf(flags.for) * 1000,
    strict: flags.strict,
    ioctl: flags.ioctl,
  };
  try {
    const traced = await traceForProfile(context, request);
    return committed === undefined
      ? await writeProfile(
          context,
          traced,
          request,
          flags,
          io,
          built === operand ? undefined : operand,
        )
      : checkCommitted(committed, { ...traced, image: operand }, flags, io);
  } finally {
    if (built !== operand) await removeLocalTag(context.run, built);
  }
});

async function writeProfile(
  context: PipelineContext,
  traced: TracedImage,
  request: ProfileRequest,
  { out, json }: Flags,
  io: CommandIo,
  folder: string | undefined,
): Promise<number> {
  const proven = await proveProfile(context, traced, request);
  await writeFileBeside(resolve(io.cwd, out), documentText(proven.document));
  const { image, digest, architecture, trace, exercises, confinement } = traced;
  const { document, kept, total, refused } = proven;
  const summary: ProfileSummary = {
    schemaVersion: '1',
    file: out,
    image,
    digest,
    platform: `linux/${architecture}`,
    calls: kept,
    ofDefault: total,
    gone: goneRights(document, trace),
    refused,
    exercises,
    confinement: confinementWords(confinement),
    startsProcesses: startsProcesses(trace),
  };
  io.writeOut(json ? jsonText(summary) : profileText(summary, folder));
  return EXIT.met;
}

function checkCommitted(
  committed: unknown,
  { trace, architecture, image }: TracedImage,
  { out, json }: Flags,
  io: CommandIo,
): number {
  try {
    const checked = { file: out, image, ...checkProfile(trace, committed, architecture) };
    io.writeOut(json ? jsonText({ schemaVersion: '1', ...checked }) : checkText(checked));
    return checked.holds ? EXIT.met : EXIT.short;
  } catch (error) {
    if (error instanceof MalformedProfile) throw new UserError(`${out}: ${error.message}`);
    throw error;
  }
}

async function committedProfile({ out }: Flags, io: CommandIo): Promise<unknown> {
  try {
    return await readJsonFile(resolve(io.cwd, out));
  } catch (cause) {
    throw new UserError(`${out} cannot be read: ${messageOf(cause)}`, {
      nextStep: 'write it first, without --check',
      cause,
    });
  }
}

async function exercisesOf(
  { exercise, smoke }: Flags,
  io: CommandIo,
): Promise<readonly Exercise[]> {
  const found: Exercise[] = [];
  for (const file of exercise) {
    const text = await readText(resolve(io.cwd, file), {
      largest: LARGEST_EXERCISES,
      utf8: 'required',
    });
    if (text === undefined) throw new UserError(`no such file: ${file}`);
    const read = await parseExercises(text, file);
    if (!read.ok) throw new UserError(read.error.map(formatProblem).join('\n  '));
    found.push(...read.value);
  }
  return [...found, ...smoke.map((given): Exercise => ({ kind: 'smoke', command: given }))];
}

/**
 * Builds a folder and loads it under a name of its own; the name of the image, or the exit code of
 * a build that failed. It is not signed, so that it needs no profile yet, nor graded: its gate may
 * ask for the profile.
 */
async function buildFolder(folder: string, io: CommandIo): Promise<string | number> {
  const name = basename(resolve(io.cwd, folder))
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-');
  const image = `${name.replaceAll(/^-|-$/g, '') || 'app'}:profile-${randomBytes(4).toString('hex')}`;
  const { build } = await import('../build.ts');
  const quiet = { ...io, writeOut: () => undefined };
  const flags = ['--load', '--sign=false', '--grade=false', '-t', image];
  const code = await build([...flags, folder], quiet);
  return code === EXIT.met ? image : code;
}

function progress(io: CommandIo): PipelineContext['emit'] {
  return (event) => {
    if (event.kind !== 'notice' && event.kind !== 'warning') return;
    const mark = event.kind === 'warning' ? 'warning: ' : '';
    const next = 'nextStep' in event ? `\n  next: ${cleanForTerminal(event.nextStep)}` : '';
    io.writeErr(`scoville: ${mark}${cleanForTerminal(event.text)}${next}\n`);
  };
}
