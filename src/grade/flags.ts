import { availableParallelism } from 'node:os';
import { LONGEST_AGE, OWN } from '../build/flags.ts';
import {
  bool,
  choice,
  type CommandSpec,
  type FlagValues,
  many,
  standard,
  text,
  whole,
} from '../cli/flag-table.ts';
import { givenAgain, namedSigners, PLAIN_HTTP, SIGNER_FLAGS } from '../cli/flags.ts';
import { wantedPlatforms } from '../cli/operands.ts';
import { UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';

/** Each image may take two threads and its layers' facts; more at once only wait for others. */
const MOST_JOBS = 32;
const DEFAULT_JOBS = 4;

export const GRADE = {
  name: 'grade',
  usage: ['grade [flags] IMAGE...', 'grade --file LIST [flags]'],
  about: `
Grades images against the 23 criteria of the Container Hardening Priorities, wherever they are: a registry reference, an
image of Docker's store, an OCI layout directory, an OCI or docker-save archive (gzipped too), - for an archive on
stdin. A prefix says where to look: registry: docker: containers-storage: (podman, buildah) store: oci: dir: (skopeo)
oci-archive: docker-archive: rootfs: (a tar or folder without a configuration). A folder names the archives in it,
'HOST/REPO:*' the tags of a repository, 'HOST/TEAM/*:TAG' repositories of a registry. Several images: a
comparison.`,
  examples: [
    ['scoville grade debian:13', 'an image that others built'],
    ['scoville grade registry:HOST/my-app:1', 'in the registry, with its signatures'],
    ['scoville grade --min-level 2 my-app', 'exit 1 below level 2'],
    ['scoville grade ./image.tar', 'an OCI or docker save archive'],
    ["scoville grade 'HOST/my-app:1.*'", 'tags of a repository'],
    ['scoville grade --file images.txt --output grades.jsonl', 'a list of images'],
  ],
  exits: [
    ['0', 'graded, and the gate met'],
    ['1', 'below the gate'],
    ['2', 'could not be graded, or a wrong flag or setting'],
    ['130', 'canceled'],
  ],
  flags: {
    platform: many(
      'OS/ARCH[/VARIANT]',
      'Only these platforms, with commas or repeated; the worst counts; exit 2 where one is missing',
      { standard: 'all that the index lists' },
    ),
    file: text(
      'FILE',
      'The Dockerfile of the image, where its provenance carries none; without an IMAGE the list of a fleet',
      { short: 'f', path: true },
    ),
    'build-arg': many('NAME=VALUE', 'That Dockerfile with these arguments; may be repeated'),
    target: text('STAGE', 'And this stage', { standard: 'the last' }),
    secrets: standard(
      choice(['true', 'false'], 'BOOL', 'Whether the layers are searched for secrets'),
      'true',
    ),
    jobs: whole(
      'N',
      'Images graded at once',
      { least: 1, most: MOST_JOBS },
      {
        standard: `one a processor, up to ${DEFAULT_JOBS}`,
      },
    ),
    output: text('FILE.jsonl', 'Write the lines here and go on from what is there', {
      path: true,
      short: 'o',
      standard: 'stdout',
    }),
    ...SIGNER_FLAGS,
    scanner: OWN.scanner,
    offline: bool(OWN.offline.help),
    vex: OWN.vex,
    report: OWN.report,
    verbose: OWN.verbose,
    json: bool('Print the scorecard as JSON on stdout'),
    diff: bool('Two images, the older first: what changed'),
    quiet: bool('Print the result alone, without progress', { short: 'q' }),
    'min-level': { ...OWN['min-level'], help: 'Exit 1 below this level' },
    'min-grade': { ...OWN['min-grade'], help: 'Exit 1 below this grade' },
    'max-age': whole(
      'DAYS',
      OWN['max-age'].help,
      { least: 1, most: LONGEST_AGE },
      { standard: '30' },
    ),
    policy: text('FILE', 'A settings file whose keys, scanner, waivers and gate count', {
      path: true,
      standard: 'your own, and the gate of the nearest .scoville.yaml',
    }),
    config: text('FILE', 'The older name of --policy', { path: true, hidden: true }),
    'plain-http': PLAIN_HTTP,
  },
  titles: {
    platform: 'What is graded',
    jobs: 'A fleet: --file without an IMAGE is a list of images, one a line (- for stdin; # begins a comment)',
    key: 'Whose signatures count (default: your own key, and trust.keys)',
    scanner: 'Vulnerabilities',
    report: 'What comes out',
    'min-level': 'Gate, exit 1 where an image is short of it',
    policy: 'Settings',
  },
} satisfies CommandSpec;

/** Flags that the next grade of the image needs too. */
const AGAIN = ['platform', 'file', 'build-arg', 'target', ...Object.keys(SIGNER_FLAGS)].concat(
  ...['vex', 'max-age', 'policy', 'config', 'plain-http'],
);

export type GradeFlags = ReturnType<typeof gradeFlags>;

/** The flags as the command takes them. Throws UserError for those that do not go together. */
export function gradeFlags(values: FlagValues<typeof GRADE.flags>, images: readonly string[]) {
  const { minLevel, minGrade } = values;
  const flags = {
    ...values,
    images,
    platforms: wantedPlatforms(values.platform),
    // `--file` is the Dockerfile of the image that is named; where none is, it is the list of
    // images.
    file: images.length === 0 ? undefined : values.file,
    list: images.length === 0 ? values.file : undefined,
    jobs: values.jobs ?? Math.min(DEFAULT_JOBS, availableParallelism()),
    buildArgs: values.buildArg,
    secrets: values.secrets === 'true',
    signers: namedSigners(values),
    offline: values.offline ? true : undefined,
    gate: given({ minLevel, minGrade }),
    policy: values.policy ?? values.config,
    again: givenAgain(values, AGAIN),
  };
  refuseMixture(flags, values.jobs !== undefined);
  return flags;
}

/** A fleet is shown as lines, one image as a scorecard: flags of one mean nothing for the other. */
function refuseMixture(
  flags: Omit<FlagValues<typeof GRADE.flags>, 'secrets' | 'offline' | 'platform' | 'jobs'> & {
    readonly list: string | undefined;
    readonly buildArgs: readonly string[];
  },
  namesJobs: boolean,
): void {
  const { list, report, json, diff, buildArgs, target, output } = flags;
  if (list === undefined) {
    if (namesJobs || output !== undefined)
      throw new UserError(`${namesJobs ? '--jobs' : '--output'} is for a list of images`, {
        nextStep: 'scoville grade --file LIST --jobs N --output FILE.jsonl',
      });
    if (flags.file === undefined && (buildArgs.length > 0 || target !== undefined))
      throw new UserError(
        `${target === undefined ? '--build-arg' : '--target'} says how a Dockerfile was built`,
        {
          nextStep: 'name it beside: --file DOCKERFILE',
        },
      );
    return;
  }
  const [wrong] = [
    report.length > 0 && '--report',
    json && '--json',
    diff && '--diff',
    buildArgs.length > 0 && '--build-arg',
    target !== undefined && '--target',
  ].filter((flag) => flag !== false);
  if (wrong !== undefined)
    throw new UserError(`${wrong} does not go with a list of images`, {
      nextStep: 'a list gives one JSON line an image; with --file DOCKERFILE, name an IMAGE',
    });
}
