import { UserError } from '../../model/errors.ts';
import type { VerifyRequest } from '../../pipeline/fix/verify-fixes.ts';
import { bool, type FlagValues, many, standard, text, whole } from '../../plans/flags/flag.ts';

const DAY_S = 86_400;

/** The flags of `--verify`. */
export const VERIFY_FLAGS = {
  verify: bool(
    'Build before and after, and keep only edits with which it builds, answers, and is graded no lower',
  ),
  smoke: text(
    'CMD',
    'How to find out whether it answers: for sh -c, on this machine, until it ends with 0. Its environment has SCOVILLE_URL and SCOVILLE_PORT (of this machine), SCOVILLE_CONTAINER, SCOVILLE_IMAGE',
  ),
  'smoke-port': whole(
    'PORT',
    "The container's port behind SCOVILLE_URL",
    { least: 1, most: 65_535 },
    { standard: 'the lowest that the image exposes' },
  ),
  'smoke-env': many(
    'NAME=VALUE',
    'A variable for the container; NAME alone takes its value from here; may be repeated',
  ),
  'smoke-timeout': standard(
    whole('SECONDS', 'Time until it answers', { least: 1, most: DAY_S }),
    '30',
  ),
  'build-timeout': standard(
    whole('SECONDS', 'Time for one build', { least: 1, most: DAY_S }),
    '1800',
  ),
};

/** What is to be verified and how; undefined without `--verify`. Throws UserError for a flag that means nothing without it. */
export function verifyRequest(
  {
    verify,
    smoke,
    smokePort: port,
    smokeEnv,
    smokeTimeout,
    buildTimeout,
  }: FlagValues<typeof VERIFY_FLAGS>,
  buildFlags: readonly string[],
): VerifyRequest | undefined {
  if (!verify) {
    const [idle] = [
      ...(smoke === undefined ? [] : ['--smoke']),
      ...(port === undefined ? [] : ['--smoke-port']),
      ...(smokeEnv.length === 0 ? [] : ['--smoke-env']),
    ];
    if (idle === undefined) return undefined;
    throw new UserError(`${idle} needs --verify: without it nothing is built`);
  }
  return {
    buildFlags,
    buildTimeoutMs: 1000 * buildTimeout,
    smoke: { command: smoke, port, env: smokeEnv, timeoutMs: 1000 * smokeTimeout },
  };
}
