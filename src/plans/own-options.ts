import { EXIT } from '../model/errors.ts';
import { err, ok, type Result } from '../model/result.ts';
import type { Grade } from '../model/scorecard.ts';
import type { SignatureFormat } from '../model/settings.ts';
import { type FlagSpec, parseGoBool } from './flag-spec.ts';
import type { UsageProblem } from './scan-arguments.ts';

export type ReportFormat = 'terminal' | 'json' | 'markdown' | 'badges';

/** `--report FORMAT[=FILE]`; without a file the report goes to stdout. */
export interface ReportRequest {
  readonly format: ReportFormat;
  readonly file?: string;
}

/** The flags of ours that were given; what was not given is undefined and the settings decide. */
export interface OwnOptions {
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly reports: readonly ReportRequest[];
  readonly minLevel?: number;
  readonly minGrade?: Grade;
  readonly sign?: boolean;
  readonly key?: string;
  readonly keyless?: boolean;
  readonly signatureFormat?: SignatureFormat;
  readonly repro?: 'safe' | 'aggressive' | 'off';
  readonly pin?: boolean;
  readonly grade: boolean;
  readonly scanner?: 'auto' | 'grype' | 'trivy' | 'none';
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

const LONGEST_AGE_DAYS = 36_500;
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
  const minLevel = all('min-level').at(-1);
  const maxAge = all('max-age').at(-1);
  return ok({
    dryRun: bool('dry-run') ?? false,
    json: bool('json') ?? false,
    reports: all('report').map(reportRequest),
    ...present('minLevel', minLevel === undefined ? undefined : Number(minLevel)),
    ...present('minGrade', all('min-grade').at(-1) as Grade | undefined),
    ...present('sign', bool('sign')),
    ...present('key', all('key').at(-1)),
    ...present('keyless', bool('keyless')),
    ...present('signatureFormat', all('signature-format').at(-1) as OwnOptions['signatureFormat']),
    ...present('repro', all('repro').at(-1) as OwnOptions['repro']),
    ...present('pin', bool('pin')),
    grade: bool('grade') ?? true,
    ...present('scanner', all('scanner').at(-1) as OwnOptions['scanner']),
    ...present('maxAgeDays', maxAge === undefined ? undefined : Number(maxAge)),
    plainHttp: all('plain-http'),
    ...present('configFile', all('config').at(-1)),
    interactive: bool('interactive') ?? true,
    buildxArguments: all('buildx-arg'),
  });
}

function wrongValue(spec: FlagSpec, value: string): string | undefined {
  const text = JSON.stringify(value);
  if (spec.kind !== 'bool' && value === '') return `--${spec.name} needs a value`;
  if (spec.choices !== undefined) {
    const choice = spec.name === 'report' ? (value.split('=', 1)[0] ?? '') : value;
    if (!spec.choices.includes(choice))
      return `--${spec.name} does not know ${text}; it is one of ${spec.choices.join(', ')}`;
    if (value.endsWith('=')) return `--${spec.name} ${value} names no file`;
  }
  if (spec.name === 'max-age' && !isAge(value))
    return `--max-age takes a whole number of days from 1 to ${LONGEST_AGE_DAYS}, not ${text}`;
  if (spec.name === 'plain-http' && !HOST.test(value))
    return `--plain-http takes a host with an optional port, not ${text}`;
  return undefined;
}

function isAge(text: string): boolean {
  return /^[1-9]\d{0,5}$/.test(text) && Number(text) <= LONGEST_AGE_DAYS;
}

function reportRequest(text: string): ReportRequest {
  const equals = text.indexOf('=');
  if (equals < 0) return { format: text as ReportFormat };
  return { format: text.slice(0, equals) as ReportFormat, file: text.slice(equals + 1) };
}

function present<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}
