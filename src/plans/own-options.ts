import { EXIT } from '../model/errors.ts';
import type { ReportRequest } from '../model/report.ts';
import { err, ok, type Result } from '../model/result.ts';
import type { Grade } from '../model/scorecard.ts';
import type { ScannerChoice, SignatureFormat } from '../model/settings.ts';
import { type FlagSpec, parseGoBool } from './buildx/flag-spec.ts';
import type { UsageProblem } from './buildx/scan-arguments.ts';
import { parseReportRequests } from './report-request.ts';

/** The flags of ours that were given; what was not given is undefined and the settings decide. */
export interface OwnOptions {
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly review: boolean;
  readonly reports: readonly ReportRequest[];
  readonly minLevel?: number;
  readonly minGrade?: Grade;
  readonly sign?: boolean;
  readonly key?: string;
  readonly keyless?: boolean;
  readonly signatureFormat?: SignatureFormat;
  readonly repro?: 'safe' | 'aggressive' | 'off';
  readonly pin?: boolean;
  /** `--lock`: true, false, or the file. */
  readonly lock?: boolean | string;
  readonly locked: boolean;
  readonly grade: boolean;
  readonly scanner?: ScannerChoice;
  readonly offline?: boolean;
  readonly vex: readonly string[];
  readonly maxAgeDays?: number;
  readonly plainHttp: readonly string[];
  readonly configFile?: string;
  readonly interactive: boolean;
  /** Arguments for buildx, unread. */
  readonly buildxArguments: readonly string[];
}

export interface GivenOwnFlag {
  readonly spec: FlagSpec;
  readonly value: string;
}

/** The greatest age that `--max-age` takes. */
export const LONGEST_AGE_DAYS = 36_500;
const HOST = /^(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?$/i;

/** Reads the values of our own flags; the last one wins where a flag takes one value. Bad values have exit code 2. */
export function readOwnOptions(given: readonly GivenOwnFlag[]): Result<OwnOptions, UsageProblem> {
  for (const { spec, value } of given) {
    const wrong = wrongValue(spec, value);
    if (wrong !== undefined) return err({ message: wrong, exitCode: EXIT.failed });
  }
  const all = (name: string): readonly string[] =>
    given.filter((g) => g.spec.name === name).map((g) => g.value);
  const bool = (name: string): boolean | undefined => parseGoBool(all(name).at(-1) ?? '');
  const reports = parseReportRequests(all('report'));
  if (!reports.ok) return err({ message: reports.error, exitCode: EXIT.failed });
  const minLevel = all('min-level').at(-1);
  const maxAge = all('max-age').at(-1);
  return ok({
    dryRun: bool('dry-run') ?? false,
    json: bool('json') ?? false,
    verbose: bool('verbose') ?? false,
    review: bool('review') ?? false,
    reports: reports.value,
    ...present('minLevel', minLevel === undefined ? undefined : Number(minLevel)),
    ...present('minGrade', all('min-grade').at(-1) as Grade | undefined),
    ...present('sign', bool('sign')),
    ...present('key', all('key').at(-1)),
    ...present('keyless', bool('keyless')),
    ...present('signatureFormat', all('signature-format').at(-1) as OwnOptions['signatureFormat']),
    ...present('repro', all('repro').at(-1) as OwnOptions['repro']),
    ...present('pin', bool('pin')),
    ...present('lock', parseLockFlag(all('lock').at(-1))),
    locked: bool('locked') ?? false,
    grade: bool('grade') ?? true,
    ...present('scanner', all('scanner').at(-1) as OwnOptions['scanner']),
    ...present('offline', bool('offline')),
    vex: all('vex'),
    ...present('maxAgeDays', maxAge === undefined ? undefined : Number(maxAge)),
    plainHttp: all('plain-http'),
    ...present('configFile', all('config').at(-1)),
    interactive: bool('interactive') ?? true,
    buildxArguments: all('buildx-arg'),
  });
}

function parseLockFlag(text: string | undefined): boolean | string | undefined {
  return text === undefined ? undefined : (parseGoBool(text) ?? text);
}

function wrongValue(spec: FlagSpec, value: string): string | undefined {
  const text = JSON.stringify(value);
  if (spec.kind !== 'bool' && value === '') return `--${spec.name} needs a value`;
  // A report's format may be followed by a file: report-request.ts reads both.
  if (spec.choices !== undefined && spec.name !== 'report' && !spec.choices.includes(value))
    return `--${spec.name} does not know ${text}; it is one of ${spec.choices.join(', ')}`;
  if (spec.name === 'max-age' && !isAge(value))
    return `--max-age takes a whole number of days from 1 to ${LONGEST_AGE_DAYS}, not ${text}`;
  if (spec.name === 'plain-http' && !HOST.test(value))
    return `--plain-http takes a host with an optional port, not ${text}`;
  return undefined;
}

function isAge(text: string): boolean {
  return /^[1-9]\d{0,5}$/.test(text) && Number(text) <= LONGEST_AGE_DAYS;
}

function present<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}
