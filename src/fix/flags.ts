import { OWN } from '../build/flags.ts';
import {
  bool,
  choice,
  type CommandSpec,
  type FlagValues,
  many,
  standard,
  text,
  toggle,
  whole,
} from '../cli/flag-table.ts';
import { BUILD_ARG, PLAIN_HTTP } from '../cli/flags.ts';
import { UserError } from '../lib/errors.ts';
import { RISKS } from '../model/fix.ts';
import type { VerifyRequest } from './verify.ts';

const DAY_S = 86_400;

const VERIFY_FLAGS = {
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

/** What to verify, and how; undefined without `--verify`. Throws UserError for flags needing it. */
function verifyRequest(
  {
    verify,
    smoke,
    smokePort: port,
    smokeEnv,
    smokeTimeout,
    buildTimeout,
  }: FlagValues<typeof VERIFY_FLAGS>,
  buildFlags: readonly string[],
): Omit<VerifyRequest, 'secretFiles'> | undefined {
  if (!verify) {
    const given = { '--smoke': smoke, '--smoke-port': port, '--smoke-env': smokeEnv[0] };
    const [idle] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
    if (idle === undefined) return undefined;
    throw new UserError(`${idle} needs --verify: without it nothing is built`);
  }
  return {
    buildFlags,
    buildTimeoutMs: 1000 * buildTimeout,
    smoke: { command: smoke, port, env: smokeEnv, timeoutMs: 1000 * smokeTimeout },
  };
}

export const FIX = {
  name: 'fix',
  usage: ['fix [flags] [DOCKERFILE|FOLDER] [-- scoville build flags]'],
  about: `
Fixes what would cost the image its grade, by the smallest edits of the Dockerfile (and .dockerignore): shows each as a
diff with what it gains and what it risks, and asks. Comments, formatting and line ends stay as they are. Without an
argument: the Dockerfile of this folder.`,
  examples: [
    ['scoville fix', 'show each edit and ask'],
    ['scoville fix --yes', 'apply all edits of low risk'],
    ['scoville fix --dry-run', 'print the edits as a patch'],
    ['scoville fix --only no-secrets', 'edits for one criterion'],
    ['scoville fix --undo', 'bring back the files as they were'],
  ],
  exits: [
    ['0', 'nothing to do, or every edit was applied; what is left alone has a reason'],
    ['1', 'edits are left: --dry-run, a no, or no terminal to ask in'],
    ['2', 'a file cannot be read or written'],
    ['130', 'canceled'],
  ],
  flags: {
    'dry-run': bool(
      'Print all edits as one unified diff, for git apply or patch -p1; write nothing',
    ),
    yes: bool("Apply, without asking, the edits that are shown to keep the image's program", {
      short: 'y',
    }),
    undo: bool('Bring back the files as they were before the last fix; may be repeated'),
    force: bool('With --undo: lose what was changed in the files since'),
    only: many('ID', 'Only this edit, or those of this rule or criterion; may be repeated'),
    'max-risk': choice(RISKS, 'RISK', 'Leave out what risks more', {
      standard:
        'low; medium where edits are asked about, named by --only, or proven by --verify --smoke',
    }),
    refresh: bool('Look up pinned images with a tag again, and pin what the tag points to now'),
    build: bool('Build each stage that installs packages, to pin the versions that it really gets'),
    freeze: text('DATE', 'Freeze the archives of apt at this date (20261124); do not pin packages'),
    offline: toggle('Fetch no file for its hash; ask only registries that the Dockerfile names'),
    'plain-http': PLAIN_HTTP,
    'build-arg': BUILD_ARG,
    target: text('STAGE', 'The stage that is built', { standard: 'the last' }),
    context: text('FOLDER', 'The build context', {
      path: true,
      standard: "the Dockerfile's folder",
    }),
    ...VERIFY_FLAGS,
    json: bool('Edits and what is left alone as JSON; writes nothing without --yes'),
    config: OWN.config,
  },
  end: `
Flags of scoville build behind -- are for the builds of --verify. Every rule: docs/fix.md`,
} satisfies CommandSpec;

export type FixFlags = ReturnType<typeof fixFlags>;

/** The flags as the command takes them. Throws UserError for those that do not go together. */
export function fixFlags(
  values: FlagValues<typeof FIX.flags>,
  [path = '.']: readonly string[],
  buildFlags: readonly string[],
) {
  if (values.dryRun && values.yes) throw new UserError('--dry-run and --yes exclude each other');
  if (values.force && !values.undo) throw new UserError('--force goes with --undo');
  if (values.undo && (values.yes || values.dryRun || values.verify))
    throw new UserError('--undo only goes with --force');
  return {
    ...values,
    path,
    only: values.only.flatMap((ids) => ids.split(',')).filter((id) => id !== ''),
    freeze: values.freeze === undefined ? undefined : snapshotTime(values.freeze),
    buildArgs: values.buildArg,
    contextFolder: values.context,
    verify: verifyRequest(values, [
      ...(values.config === undefined ? [] : [`--config=${values.config}`]),
      ...(values.offline === undefined ? [] : [`--offline=${values.offline}`]),
      ...values.plainHttp.map((host) => `--plain-http=${host}`),
      ...buildFlags,
    ]),
  };
}

/** `20261124` or `20261124T000000Z`, as snapshot.debian.org names its states. */
function snapshotTime(text: string): string {
  const found = /^(\d{4})-?(\d\d)-?(\d\d)(T\d{6}Z)?$/.exec(text);
  if (found === null)
    throw new UserError(`--freeze takes a date such as 20261124, not ${JSON.stringify(text)}`);
  const [, year = '', month = '', day = '', time = 'T000000Z'] = found;
  return `${year}${month}${day}${time}`;
}
