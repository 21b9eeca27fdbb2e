import { availableParallelism } from 'node:os';
import { UserError } from '../../model/errors.ts';
import type { Platform } from '../../model/oci.ts';
import type { ReportRequest } from '../../model/report.ts';
import type { Grade } from '../../model/scorecard.ts';
import type { ScannerChoice, Settings } from '../../model/settings.ts';
import { OWN_FLAGS } from '../../plans/own-flags.ts';
import { LONGEST_AGE_DAYS } from '../../plans/own-options.ts';
import { parseReportRequests } from '../../plans/report-request.ts';
import { readFlags, wholeNumber } from '../flags.ts';
import { type NamedSigners, namedSigners, SIGNER_FLAGS } from '../signer-flags.ts';
import { wantedPlatforms } from '../wanted-platform.ts';

/** Each image may take four threads and its layers' facts: more at once only wait for each other. */
const MOST_JOBS = 32;
const DEFAULT_JOBS = 4;

export const GRADE_HELP = `Usage: scoville grade [flags] IMAGE...
       scoville grade --file LIST [--jobs N] [--output FILE.jsonl] [flags]

Grades images against the 23 criteria of the Container Hardening Priorities, wherever they lie: a registry reference, an
image of Docker's store, an OCI layout directory, an OCI or docker-save archive (gzipped too), - for an archive on stdin.
A prefix says where to look: registry: docker: store: oci: oci-archive: docker-archive:. Several images: a comparison.

What is graded
  --platform OS/ARCH[/VARIANT]   only these platforms, with commas or repeated (default: all that the index lists; the worst
                                 counts). Exit 2 where one is not there
  -f, --file DOCKERFILE          the Dockerfile it was built from, where its provenance carries none
  --build-arg NAME=VALUE         with these arguments; may be repeated
  --target STAGE                 and this stage
  --secrets=false                do not search the layers for secrets

A fleet: --file without an IMAGE is a list of images, one a line (- for stdin; # begins a comment)
  --jobs N                       images graded at once, 1 to ${MOST_JOBS} (default: one a processor, up to 4)
  --output FILE.jsonl            write the lines here and go on from what is there (default: stdout)

Whose signatures count
  --key FILE|URI                 a public key; may be repeated (default: your own key, and trust.keys)
  --certificate-identity NAME    a keyless signer, with --certificate-oidc-issuer URL; either as --...-regexp PATTERN
  --trusted-root FILE            sigstore's trusted root for keyless signatures (default: cosign fetches it)

Vulnerabilities
  --scanner NAME                 auto, grype, trivy, docker-scout, osv or none
  --offline                      use no network for grading
  --vex FILE                     an OpenVEX or CycloneDX VEX document; may be repeated

What comes out
  --report FORMAT[=FILE]         terminal, json, markdown, html, sarif, badges or junit; may be repeated
  --verbose                      show every check, passed ones too
  --json                         the scorecard as JSON
  --diff                         two images, the older first: what changed
  -q, --quiet                    no progress on stderr

Gate, exit 1 where an image is short of it
  --min-level LEVEL              0 to 5
  --min-grade GRADE              A+, A, B, C or D
  --max-age DAYS                 age up to which an image counts as recent (30)

  --policy FILE                  a settings file whose word counts: keys, scanner, waivers, gate (default: your own, and the
                                 gate of the nearest .scoville.yaml). --config is the older name
  --plain-http HOST              speak HTTP without TLS to this registry; may be repeated (loopback hosts need none)
`;

/** What `scoville grade` was asked for. */
export interface GradeFlags {
  readonly help: boolean;
  readonly images: readonly string[];
  readonly platforms: readonly Platform[];
  /** The Dockerfile. */
  readonly file: string | undefined;
  /** The list of a fleet: what `--file` names where there is no image beside it. */
  readonly list: string | undefined;
  readonly jobs: number;
  readonly output: string | undefined;
  readonly buildArgs: readonly string[];
  readonly target: string | undefined;
  readonly secrets: boolean;
  readonly signers: NamedSigners;
  readonly scanner: ScannerChoice | undefined;
  readonly offline: boolean | undefined;
  readonly vex: readonly string[];
  readonly reports: readonly ReportRequest[];
  readonly json: boolean;
  readonly verbose: boolean;
  readonly diff: boolean;
  readonly quiet: boolean;
  readonly gate: Partial<Pick<Settings['gate'], 'minLevel' | 'minGrade'>>;
  readonly maxAge: number | undefined;
  readonly policy: string | undefined;
  readonly plainHttp: readonly string[];
}

const many = { type: 'string', multiple: true, default: [] as string[] } as const;
const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

/** Reads the flags; throws UserError for one that is not known or has a wrong value. */
export function readGradeFlags(args: readonly string[]): GradeFlags {
  const { values, positionals } = readFlags('grade', args, {
    platform: many,
    file: { type: 'string', short: 'f' },
    'build-arg': many,
    target: text,
    jobs: text,
    output: text,
    secrets: { type: 'string', default: 'true' },
    ...SIGNER_FLAGS,
    scanner: text,
    offline: flag,
    vex: many,
    report: many,
    json: flag,
    verbose: flag,
    diff: flag,
    quiet: { type: 'boolean', short: 'q', default: false },
    'min-level': text,
    'min-grade': text,
    'max-age': text,
    config: text,
    policy: text,
    'plain-http': many,
    help: { type: 'boolean', short: 'h', default: false },
  });
  const reports = parseReportRequests(values.report);
  if (!reports.ok) throw new UserError(reports.error);
  const minLevel = chosen('min-level', values['min-level']);
  const minGrade = chosen('min-grade', values['min-grade']) as Grade | undefined;
  const age = values['max-age'];
  const flags = {
    help: values.help,
    images: positionals,
    platforms: wantedPlatforms(values.platform),
    ...fileOf(values.file, positionals),
    jobs: jobsOf(values.jobs),
    output: values.output,
    buildArgs: values['build-arg'],
    target: values.target,
    secrets: yesOrNo('secrets', values.secrets),
    signers: namedSigners(values),
    scanner: chosen('scanner', values.scanner) as ScannerChoice | undefined,
    offline: values.offline ? true : undefined,
    vex: values.vex,
    reports: reports.value,
    json: values.json,
    verbose: values.verbose,
    diff: values.diff,
    quiet: values.quiet,
    gate: {
      ...(minLevel === undefined ? {} : { minLevel: Number(minLevel) }),
      ...(minGrade === undefined ? {} : { minGrade }),
    },
    maxAge: age === undefined ? undefined : wholeNumber('max-age', age, LONGEST_AGE_DAYS, 1),
    policy: values.policy ?? values.config,
    plainHttp: values['plain-http'],
  };
  if (!flags.help) refuseMixture(flags, values.jobs !== undefined);
  return flags;
}

/** `--file` is the Dockerfile of the image that is named; where none is, it is the list of images. */
function fileOf(
  file: string | undefined,
  images: readonly string[],
): Pick<GradeFlags, 'file' | 'list'> {
  return images.length === 0 ? { file: undefined, list: file } : { file, list: undefined };
}

/** A fleet is told in lines, one image in a scorecard: flags of the one mean nothing for the other. */
function refuseMixture(flags: GradeFlags, namesJobs: boolean): void {
  const { list, reports, json, diff, buildArgs, target, output } = flags;
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
  const wrong = [
    ...(reports.length > 0 ? ['--report'] : []),
    ...(json ? ['--json'] : []),
    ...(diff ? ['--diff'] : []),
    ...(buildArgs.length > 0 ? ['--build-arg'] : []),
    ...(target === undefined ? [] : ['--target']),
  ][0];
  if (wrong !== undefined)
    throw new UserError(`${wrong} does not go with a list of images`, {
      nextStep: 'a list gives one JSON line an image; with --file DOCKERFILE, name an IMAGE',
    });
}

function jobsOf(value: string | undefined): number {
  if (value === undefined) return Math.min(DEFAULT_JOBS, availableParallelism());
  return wholeNumber('jobs', value, MOST_JOBS, 1);
}

/** A value that `scoville build` takes under the same name. */
function chosen(name: string, value: string | undefined): string | undefined {
  const choices = OWN_FLAGS.find((spec) => spec.name === name)?.choices ?? [];
  if (value === undefined || choices.includes(value)) return value;
  throw new UserError(
    `--${name} does not know ${JSON.stringify(value)}; it is one of ${choices.join(', ')}`,
  );
}

function yesOrNo(name: string, value: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  throw new UserError(`--${name} is true or false, not ${JSON.stringify(value)}`);
}
