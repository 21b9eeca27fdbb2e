import { UserError } from '../../model/errors.ts';
import type { VerifyRequest } from '../../pipeline/fix/verify-fixes.ts';
import { wholeNumber } from '../flags.ts';

export const VERIFY_HELP = `  --verify                   build before and after, and keep only edits with which it builds, answers, and is graded no lower
  --smoke CMD                how to find out whether it answers: for sh -c, on this machine, until it ends with 0. Its environment has
                             SCOVILLE_URL and SCOVILLE_PORT (of this machine), SCOVILLE_CONTAINER, SCOVILLE_IMAGE
  --smoke-port PORT          the container's port behind SCOVILLE_URL (default: the lowest that the image exposes)
  --smoke-env NAME=VALUE     a variable for the container; NAME alone takes its value from here; may be repeated
  --smoke-timeout SECONDS    time until it answers (default: 30)
  --build-timeout SECONDS    time for one build (default: 1800)
  -- FLAGS                   more flags of scoville build for these builds
`;

/** The flags of `--verify`, for node's parseArgs. */
export const VERIFY_OPTIONS = {
  verify: { type: 'boolean', default: false },
  smoke: { type: 'string' },
  'smoke-port': { type: 'string' },
  'smoke-env': { type: 'string', multiple: true, default: [] as string[] },
  'smoke-timeout': { type: 'string', default: '30' },
  'build-timeout': { type: 'string', default: '1800' },
} as const satisfies Record<string, object>;

interface VerifyValues {
  readonly verify: boolean;
  readonly smoke?: string;
  readonly 'smoke-port'?: string;
  readonly 'smoke-env': readonly string[];
  readonly 'smoke-timeout': string;
  readonly 'build-timeout': string;
}

const DAY_S = 86_400;

/** The arguments before `--`, and those behind it. */
export function splitBuildFlags(args: readonly string[]): {
  readonly own: readonly string[];
  readonly buildFlags: readonly string[];
} {
  const dashes = args.indexOf('--');
  if (dashes < 0) return { own: args, buildFlags: [] };
  return { own: args.slice(0, dashes), buildFlags: args.slice(dashes + 1) };
}

/** What is to be verified and how; undefined without `--verify`. Throws UserError for a wrong value, or a flag that means nothing without it. */
export function readVerifyFlags(
  values: VerifyValues,
  buildFlags: readonly string[],
): VerifyRequest | undefined {
  if (!values.verify) {
    const idle = [
      ...(values.smoke === undefined ? [] : ['--smoke']),
      ...(values['smoke-port'] === undefined ? [] : ['--smoke-port']),
      ...(values['smoke-env'].length === 0 ? [] : ['--smoke-env']),
    ];
    if (idle.length === 0) return undefined;
    throw new UserError(`${idle[0] ?? ''} needs --verify: without it nothing is built`);
  }
  const port = values['smoke-port'];
  return {
    buildFlags,
    buildTimeoutMs: 1000 * wholeNumber('build-timeout', values['build-timeout'], DAY_S, 1),
    smoke: {
      command: values.smoke,
      port: port === undefined ? undefined : wholeNumber('smoke-port', port, 65_535, 1),
      env: values['smoke-env'],
      timeoutMs: 1000 * wholeNumber('smoke-timeout', values['smoke-timeout'], DAY_S, 1),
    },
  };
}
