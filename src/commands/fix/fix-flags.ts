import { UserError } from '../../model/errors.ts';
import { type Risk, RISKS } from '../../model/planned-edit.ts';
import type { VerifyRequest } from '../../pipeline/fix/verify-fixes.ts';
import { readFlags } from '../flags.ts';
import { usageLine } from '../help.ts';
import {
  readVerifyFlags,
  splitBuildFlags,
  VERIFY_HELP,
  VERIFY_OPTIONS,
} from './fix-verify-flags.ts';

export const FIX_HELP = `Usage: scoville fix [flags] [DOCKERFILE|FOLDER] [-- scoville build flags]

Mends what would cost the image its grade, by the smallest edits of the Dockerfile (and .dockerignore): shows each as a diff with what it
gains and what it risks, and asks. Comments, formatting and line ends stay as they are. Without an argument: the Dockerfile of this folder.

  --dry-run                  print all edits as one unified diff, for git apply or patch -p1; write nothing
  --yes, -y                  apply, without asking, the edits that are shown to keep the image's program
  --only ID                  only this edit, or those of this rule or criterion; may be repeated
  --max-risk RISK            none, low, medium or high: leave out what risks more (default: low;
                             medium where edits are asked about, named by --only, or proven by --verify --smoke)
  --refresh                  look up pinned images with a tag anew, and pin what it leads to now
  --build                    build each stage that installs packages, to pin the versions that it really gets
  --freeze DATE              freeze the archives of apt at this date (20261124) in place of pinning packages
  --plain-http HOST          speak HTTP without TLS to this registry or server; may be repeated (loopback hosts need none)
  --build-arg NAME=VALUE     read the Dockerfile with these arguments; may be repeated
  --target STAGE             the stage that is built (default: the last)
  --context FOLDER           the build context (default: the Dockerfile's folder)
${VERIFY_HELP}  --json                     edits and what is left alone as JSON; writes nothing without --yes
  --config FILE              settings file (default: the nearest .scoville.yaml)

Exit 0: nothing to do, or every edit was applied; 1: edits are left (--dry-run, a no, no terminal to ask in); 2: a file that cannot be
read or written. What is left alone with a reason counts as nothing to do. Every rule: docs/fix.md
`;

/** What `scoville fix` was asked for. */
export interface FixFlags {
  readonly help: boolean;
  readonly path: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly only: readonly string[];
  /** Undefined: what is shown to keep the program, and what was asked for by another flag. */
  readonly maxRisk: Risk | undefined;
  readonly refresh: boolean;
  readonly build: boolean;
  readonly freeze: string | undefined;
  readonly plainHttp: readonly string[];
  readonly buildArgs: readonly string[];
  readonly target: string | undefined;
  readonly contextFolder: string | undefined;
  readonly verify: VerifyRequest | undefined;
  readonly json: boolean;
  readonly config: string | undefined;
}

/** Reads the flags; throws UserError for one that is not known or has a wrong value. */
export function readFixFlags(args: readonly string[]): FixFlags {
  const { own, buildFlags } = splitBuildFlags(args);
  const { values, positionals } = readFlags('fix', own, {
    'dry-run': { type: 'boolean', default: false },
    yes: { type: 'boolean', short: 'y', default: false },
    only: { type: 'string', multiple: true, default: [] as string[] },
    'max-risk': { type: 'string' },
    refresh: { type: 'boolean', default: false },
    build: { type: 'boolean', default: false },
    freeze: { type: 'string' },
    'plain-http': { type: 'string', multiple: true, default: [] as string[] },
    'build-arg': { type: 'string', multiple: true, default: [] as string[] },
    target: { type: 'string' },
    context: { type: 'string' },
    ...VERIFY_OPTIONS,
    json: { type: 'boolean', default: false },
    config: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  });
  const [path = '.', second] = positionals;
  if (second !== undefined)
    throw new UserError('fix takes one Dockerfile', { nextStep: usageLine('fix') });
  const maxRisk = RISKS.find((risk) => risk === values['max-risk']);
  if (values['max-risk'] !== undefined && maxRisk === undefined)
    throw new UserError(
      `--max-risk does not know ${JSON.stringify(values['max-risk'])}; it is one of ${RISKS.join(', ')}`,
    );
  if (values['dry-run'] && values.yes)
    throw new UserError('--dry-run and --yes exclude each other');
  return {
    help: values.help,
    path,
    dryRun: values['dry-run'],
    yes: values.yes,
    only: values.only.flatMap((text) => text.split(',')).filter((id) => id !== ''),
    maxRisk,
    refresh: values.refresh,
    build: values.build,
    freeze: values.freeze === undefined ? undefined : snapshotTime(values.freeze),
    plainHttp: values['plain-http'],
    buildArgs: values['build-arg'],
    target: values.target,
    contextFolder: values.context,
    verify: readVerifyFlags(values, [
      ...(values.config === undefined ? [] : [`--config=${values.config}`]),
      ...values['plain-http'].map((host) => `--plain-http=${host}`),
      ...buildFlags,
    ]),
    json: values.json,
    config: values.config,
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
