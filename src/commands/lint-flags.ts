import { UserError } from '../model/errors.ts';
import { LINT_LEVELS, type LintLevel } from '../model/lint.ts';
import type { ReportFormat, ReportRequest } from '../model/report.ts';
import { parseReportRequests } from '../plans/report-request.ts';
import { readFlags } from './flags.ts';

export const LINT_HELP = `Usage: scoville lint [flags] [DOCKERFILE|FOLDER|-]...

Finds in Dockerfiles, without building them, what the criteria would find in the image, and a little more. A folder stands for the Dockerfiles
in it: Dockerfile, Dockerfile.NAME, NAME.Dockerfile, and the same of Containerfile; - is stdin. Without an argument: this folder.

  --build-arg NAME=VALUE     judge with these arguments; may be repeated
  --target STAGE             judge this stage and what it needs (default: the last)
  --fail-on LEVEL            exit 1 from this weight on: error, warning (default) or info
  --report FORMAT[=FILE]     terminal, json or sarif; may be repeated
  --json                     the findings as JSON
  --config FILE              settings file (default: the nearest .scoville.yaml); trust.images counts

A comment takes findings back, for the instruction below it, or for the file where it is the first line:
  # scoville: ignore=ID[,ID] REASON

Exit 0: nothing from --fail-on up; 1: something; 2: a file that cannot be read or is no Dockerfile. Every rule: docs/lint.md
`;

export type LintFormat = Extract<ReportFormat, 'terminal' | 'json' | 'sarif'>;

/** What `scoville lint` was asked for. */
export interface LintFlags {
  readonly help: boolean;
  readonly paths: readonly string[];
  readonly buildArgs: readonly string[];
  readonly target: string | undefined;
  readonly failOn: LintLevel;
  readonly reports: readonly { readonly format: LintFormat; readonly file?: string }[];
  readonly config: string | undefined;
}

function lintReport({ format, file }: ReportRequest): LintFlags['reports'][number] {
  if (format !== 'terminal' && format !== 'json' && format !== 'sarif')
    throw new UserError(`lint has no report ${format}; it is one of terminal, json, sarif`);
  return { format, ...(file === undefined ? {} : { file }) };
}

/** Reads the flags; throws UserError for one that is not known or has a wrong value. */
export function readLintFlags(args: readonly string[]): LintFlags {
  const { values, positionals } = readFlags('lint', args, {
    'build-arg': { type: 'string', multiple: true, default: [] as string[] },
    target: { type: 'string' },
    'fail-on': { type: 'string', default: 'warning' },
    report: { type: 'string', multiple: true, default: [] as string[] },
    json: { type: 'boolean', default: false },
    config: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  });
  const reports = parseReportRequests(values.report);
  if (!reports.ok) throw new UserError(reports.error);
  const failOn = LINT_LEVELS.find((level) => level === values['fail-on']);
  if (failOn === undefined)
    throw new UserError(
      `--fail-on does not know ${JSON.stringify(values['fail-on'])}; it is one of ${LINT_LEVELS.join(', ')}`,
    );
  return {
    help: values.help,
    paths: positionals.length === 0 ? ['.'] : positionals,
    buildArgs: values['build-arg'],
    target: values.target,
    failOn,
    reports: [
      ...reports.value.map(lintReport),
      ...(values.json ? [{ format: 'json' } as const] : []),
    ],
    config: values.config,
  };
}
