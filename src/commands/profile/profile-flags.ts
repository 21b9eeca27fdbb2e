import type { CommandSpec } from '../../plans/flags/command-spec.ts';
import { bool, many, standard, text, whole } from '../../plans/flags/flag.ts';
import { JSON_FLAG } from '../shared-flags.ts';

const DAY_S = 86_400;

/** A time such as `10s`, in seconds. */
function duration(given: string, name: string): string | undefined {
  return /^\d{1,5}(?:s|m)?$/.test(given) && secondsOf(given) <= DAY_S
    ? undefined
    : `--${name} takes a time such as 10s or 5m, at most a day, not ${JSON.stringify(given)}`;
}

/** Seconds of what `--for` was given. */
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

PATH: builds the folder first, as scoville build does, and loads it into Docker. Needs Linux and strace; the image is not
changed.`,
  examples: [
    ['scoville profile --exercise exercises.yaml my-app', 'write seccomp.json'],
    ["scoville profile --smoke 'curl -fsS $SCOVILLE_URL/' my-app", 'exercise it by a command'],
    ['scoville profile --check --exercise exercises.yaml my-app', 'is seccomp.json still right?'],
  ],
  exits: [
    ['0', 'written, and the program answers under it; --check: nothing is forbidden'],
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
    out: standard(text('FILE', 'Where the profile is written', { path: true }), 'seccomp.json'),
    check: bool('Trace it again and compare it with the profile in --out; write nothing'),
    strict: bool(
      'Allow only what was seen: no rare calls, and run it with no-new-privileges alone',
    ),
    ioctl: bool('Allow only the requests of ioctl that were seen'),
    json: JSON_FLAG,
  },
  operands: { least: 1, most: 1, error: 'takes one image or folder' },
} satisfies CommandSpec;
