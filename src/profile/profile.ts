import { randomBytes } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { parseBuildArgs } from '../build/command-line.ts';
import { removeLocalTag } from '../build/docker-containers.ts';
import { lastScorecard } from '../build/gate.ts';
import { pipelineContext } from '../cli/conversation.ts';
import {
  bool,
  type CommandSpec,
  type FlagValues,
  lastValueOf,
  many,
  standard,
  text,
  whole,
} from '../cli/flag-table.ts';
import { command, givenAgain, JSON_FLAG } from '../cli/flags.ts';
import type { CommandIo } from '../cli/io.ts';
import { projectSettings } from '../cli/operands.ts';
import { formatProblem } from '../config/document.ts';
import { settingsFileFor } from '../config/find-settings.ts';
import { isFolder, writeFileBeside } from '../config/project-files.ts';
import { readJsonFile, readText } from '../config/read-files.ts';
import { MalformedProfile } from '../criteria/security-profile/seccomp.ts';
import { EXIT, messageOf, UserError } from '../lib/errors.ts';
import type { PipelineContext } from '../model/context.ts';
import type { ProfileSummary } from '../model/profile.ts';
import type { Exercise } from '../model/template.ts';
import { checkText, type ProfiledAgain, profileText } from '../report/command-texts.ts';
import { jsonText } from '../report/text.ts';
import { plainLog } from '../ui/plain-log.ts';
import { parseExercises } from './exercises.ts';
import { checkProfile, documentText, goneRights, startsProcesses } from './make-profile.ts';
import {
  type ProfileRequest,
  proveProfile,
  type TracedImage,
  traceForProfile,
} from './profile-image.ts';
import { confinementWords } from './run-container.ts';

const DAY_S = 86_400;

/** A time such as `10s`, in seconds. */
function duration(given: string, name: string): string | undefined {
  return /^\d{1,5}(?:s|m)?$/.test(given) && secondsOf(given) <= DAY_S
    ? undefined
    : `--${name} takes a time such as 10s or 5m, at most a day, not ${JSON.stringify(given)}`;
}

/** Seconds of a `--for` value. */
export function secondsOf(given: string): number {
  return Number.parseInt(given, 10) * (given.endsWith('m') ? 60 : 1);
}

export const PROFILE = {
  name: 'profile',
  usage: ['profile [flags] IMAGE|PATH'],
  about: `
Makes a seccomp profile that fits the program in an image, and proves it. Runs the image under strace with its own entry
point and user, without capabilities and read-only if it answers so, and exercises it: the image's HEALTHCHECK, --smoke
and --exercise. Writes the calls that it made, then runs the same exercises under the profile.

A secret that the app reads from a file gets a made-up value there. Files are those that *_FILE variables and the
setting secrets.files name. --volume gives one of your own, as docker run does.

PATH: builds the folder first, as scoville build does, and loads it into Docker. Needs Linux and strace; the image is not
changed.`,
  examples: [
    ['scoville profile --exercise exercises.yaml my-app', 'write seccomp.json'],
    ["scoville profile --smoke 'curl -fsS $SCOVILLE_URL/' my-app", 'exercise it by a command'],
    ['scoville profile --check --exercise exercises.yaml my-app', 'is seccomp.json still right?'],
  ],
  exits: [
    [
      '0',
      'written, and the program runs under it and answers what it was asked; --check: nothing is forbidden',
    ],
    ['1', '--check: the program makes calls that the profile forbids'],
    ['2', 'it does not answer, cannot be traced, or a wrong flag'],
    ['130', 'canceled'],
  ],
  flags: {
    exercise: many('FILE', 'Requests and commands with expected answers (YAML); may be repeated', {
      path: true,
    }),
    smoke: many(
      'CMD',
      'A command for sh -c on this machine that ends with 0 if the program answers. Its environment has SCOVILLE_URL, SCOVILLE_PORT, SCOVILLE_CONTAINER, SCOVILLE_IMAGE; may be repeated',
    ),
    for: standard(text('TIME', 'Exercise it at least this long', {}, duration), '10s'),
    timeout: standard(whole('SECONDS', 'Time until it answers', { least: 1, most: DAY_S }), '30'),
    env: many(
      'NAME=VALUE',
      'A variable for the container; NAME alone takes its value from here; may be repeated',
      { short: 'e' },
    ),
    volume: many(
      'SOURCE:PATH[:ro]',
      'A file or folder for the container, such as a secret that no made-up value replaces; may be repeated',
      { short: 'v' },
    ),
    output: standard(
      text('FILE', 'Write the profile here', { path: true, short: 'o' }),
      'seccomp.json',
    ),
    check: bool('Trace it again and compare it with the profile in --output; write nothing'),
    strict: bool(
      'Allow only what was seen: no rare calls, and run it with no-new-privileges alone',
    ),
    ioctl: bool('Allow only the requests of ioctl that were seen'),
    json: JSON_FLAG,
  },
  operands: { least: 1, most: 1, error: 'takes one image or folder' },
} satisfies CommandSpec;

type Flags = FlagValues<typeof PROFILE.flags>;

const LARGEST_EXERCISES = 256 * 1024;

export const profile = command(PROFILE, async (flags, [operand = ''], io) => {
  const exercises = await exercisesOf(flags, io);
  const committed = flags.check ? await committedProfile(flags, io) : undefined;
  const place = resolve(io.cwd, operand);
  const isPath = await isFolder(place);
  const { secrets } = await projectSettings(undefined, isPath ? { ...io, cwd: place } : io);
  const built = isPath ? await buildFolder(operand, io) : operand;
  if (typeof built === 'number') return built;
  const context = pipelineContext(io, plainLog(io.writeErr, io.now));
  const request: ProfileRequest = {
    image: built,
    exercises,
    env: flags.env,
    volumes: flags.volume,
    secretFiles: secrets.files,
    timeoutMs: flags.timeout * 1000,
    forMs: secondsOf(flags.for) * 1000,
    strict: flags.strict,
    ioctl: flags.ioctl,
  };
  try {
    return await traceForProfile(context, request, async (traced) =>
      committed === undefined
        ? writeProfile(context, traced, { ...request, operand }, flags, io)
        : checkCommitted(committed, { ...traced, image: operand }, flags, io),
    );
  } finally {
    if (isPath) await removeLocalTag(context.run, built);
  }
});

async function writeProfile(
  context: PipelineContext,
  traced: TracedImage,
  request: ProfileRequest & { readonly operand: string },
  flags: Flags,
  io: CommandIo,
): Promise<number> {
  const { output: out, json } = flags;
  const { operand } = request;
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
  if (json) {
    io.writeOut(jsonText(summary));
    return EXIT.met;
  }
  const chosen = (['for', 'timeout'] as const).filter(
    (name) => `${flags[name]}` !== PROFILE.flags[name].standard,
  );
  const again = {
    run: givenAgain(flags, ['env', 'volume']),
    check: givenAgain(flags, ['exercise', 'smoke', 'env', 'volume', ...chosen]),
    ...(request.image === operand
      ? { image: operand }
      : await buildsAgain(context, operand, image, out)),
  };
  // A folder's image was built only for this, and is gone.
  io.writeOut(profileText({ ...summary, image: operand }, again));
  return EXIT.met;
}

/** A folder as it was last built, else under a name of its own, and what publishes its profile. */
async function buildsAgain(
  { cwd, env, paths }: PipelineContext,
  folder: string,
  temporary: string,
  file: string,
): Promise<Pick<ProfiledAgain, 'image' | 'build' | 'attach'>> {
  const dockerfile = resolve(cwd, folder, 'Dockerfile');
  const last = (await lastScorecard({ cwd, paths }, dockerfile, undefined))?.build;
  const parsed = parseBuildArgs(last?.words ?? [], env);
  const tag = parsed.ok && parsed.value.kind === 'build' && lastValueOf(parsed.value, 'tag');
  const image = tag || temporary.slice(0, temporary.indexOf(':'));
  const build = tag && last?.cwd === cwd ? last.words : ['-t', image, folder];
  // Settings do not take a file outside of their project.
  const isOurs = (await settingsFileFor(resolve(cwd, folder))) === (await settingsFileFor(cwd));
  const attach = isOurs ? {} : { attach: ['--profile', file, ...build] };
  return { image, ...(tag ? {} : { build }), ...attach };
}

function checkCommitted(
  committed: unknown,
  { trace, architecture, image }: TracedImage,
  { output: out, json }: Flags,
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

async function committedProfile({ output: out }: Flags, io: CommandIo): Promise<unknown> {
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
 * Builds a folder and loads it under a temporary name. Returns that name, or the exit code of a
 * failed build. It does not sign or grade: the gate may ask for the very profile that is missing.
 */
async function buildFolder(folder: string, io: CommandIo): Promise<string | number> {
  const name = basename(resolve(io.cwd, folder))
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-');
  const image = `${name.replaceAll(/^-|-$/g, '') || 'app'}:profile-${randomBytes(4).toString('hex')}`;
  const { build } = await import('../cli/build.ts');
  const quiet = { ...io, writeOut: () => undefined };
  const flags = ['--load', '--sign=false', '--grade=false', '-t', image];
  const code = await build([...flags, folder], quiet);
  return code === EXIT.met ? image : code;
}
