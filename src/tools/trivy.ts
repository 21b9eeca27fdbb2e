import type { VulnerabilitiesFact, Vulnerability } from '../model/facts.ts';
import { type Result, ok } from '../model/result.ts';
import type { RunTool } from '../model/run.ts';
import { field, isRecord, listField, parseJson, textField } from './json-fields.ts';
import { type ScanRequest, scanOutput, unreadable } from './scanner.ts';
import { distinct, severityOf } from './severity.ts';

/** What `trivy version --format json` says. */
export interface TrivyVersion {
  readonly version: string;
  readonly databaseDate: string | undefined;
}

/** Scans an OCI layout with trivy. An error where its database cannot be had, or it fails. */
export async function scanWithTrivy(
  run: RunTool,
  request: ScanRequest,
): Promise<Result<VulnerabilitiesFact>> {
  const output = await scanOutput(run, 'trivy', trivyArgs(request), request.signal);
  if (!output.ok) return output;
  // Asked after the scan, which may have brought a newer database.
  const version = await scanOutput(run, 'trivy', ['version', '--format', 'json'], request.signal);
  return parseTrivy(output.value, parseTrivyVersion(version.ok ? version.value : ''));
}

/** `trivy image --input DIR --format json`, vulnerabilities only, with each VEX file. */
export function trivyArgs(request: Pick<ScanRequest, 'layoutDir' | 'vexFiles'>): readonly string[] {
  return [
    'image',
    '--input',
    request.layoutDir,
    '--format',
    'json',
    '--scanners',
    'vuln',
    '--quiet',
    ...(request.vexFiles.length === 0 ? [] : ['--show-suppressed']),
    ...request.vexFiles.flatMap((file) => ['--vex', file]),
  ];
}

/** Reads trivy's version report; `unknown` where it is none. */
export function parseTrivyVersion(json: string): TrivyVersion {
  const answer = parseJson(json);
  return {
    version: textField(answer, 'Version') ?? 'unknown',
    databaseDate: textField(field(answer, 'VulnerabilityDB'), 'UpdatedAt'),
  };
}

/** Reads trivy's JSON report (schema 2). Its severity is the vendor's where the vendor gives one, else NVD's. */
export function parseTrivy(json: string, about: TrivyVersion): Result<VulnerabilitiesFact> {
  const report = parseJson(json);
  if (!isRecord(report) || report['SchemaVersion'] !== 2) return unreadable('trivy');
  const results = listField(report, 'Results');
  const suppressed = results
    .flatMap((result) => listField(result, 'ExperimentalModifiedFindings'))
    .filter((finding) => textField(finding, 'Type') === 'vulnerability');
  return ok({
    scanner: 'trivy',
    scannerVersion: about.version,
    ...(about.databaseDate === undefined ? {} : { databaseDate: about.databaseDate }),
    vulnerabilities: distinct(
      results.flatMap((result) => listField(result, 'Vulnerabilities')).flatMap(vulnerabilityOf),
    ),
    suppressedByVex: suppressed.length,
  });
}

function vulnerabilityOf(found: unknown): readonly Vulnerability[] {
  const id = textField(found, 'VulnerabilityID');
  const name = textField(found, 'PkgName');
  if (id === undefined || name === undefined) return [];
  const fixed = textField(found, 'FixedVersion');
  return [
    {
      id,
      severity: severityOf(textField(found, 'Severity')),
      package: name,
      version: textField(found, 'InstalledVersion') ?? '',
      ...(fixed === undefined || fixed === '' ? {} : { fixedIn: fixed }),
    },
  ];
}
