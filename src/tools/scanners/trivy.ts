import type { VulnerabilitiesFact } from '../../model/facts.ts';
import { field, isObject, listField, parseJson, textField } from '../../model/json-value.ts';
import { err, ok, type Result } from '../../model/result.ts';
import type { RunTool } from '../../model/run.ts';
import { nearestFix, purlType } from './nearest-fix.ts';
import { onePerCve, type Report } from './one-per-cve.ts';
import { given, reportText, reportUrl } from './report-text.ts';
import { scanOutput, type ScanRequest, type ScanTarget, unreadable } from './scanner.ts';
import { severityOf } from './severity.ts';

/** What `trivy version --format json` says. */
interface TrivyVersion {
  readonly version: string;
  readonly databaseDate: string | undefined;
}

/** Scans with trivy. An error where its database cannot be had, or it fails. */
export async function scanWithTrivy(
  run: RunTool,
  { target, offline, signal }: ScanRequest,
): Promise<Result<VulnerabilitiesFact>> {
  const options = given({ signal });
  const output = await scanOutput(run, 'trivy', trivyArgs(target, offline), options);
  if (!output.ok) return err(output.error);
  // Asked after the scan, which may have brought a newer database.
  const version = await scanOutput(run, 'trivy', ['version', '--format', 'json'], options);
  return parseTrivy(output.value, parseTrivyVersion(version.ok ? version.value : ''));
}

/** `trivy image --input DIR --format json` or `trivy sbom`, vulnerabilities only. */
export function trivyArgs(target: ScanTarget, offline: boolean): readonly string[] {
  return [
    ...(target.kind === 'layout'
      ? ['image', '--input', target.dir, '--scanners', 'vuln']
      : ['sbom', target.file]),
    '--format',
    'json',
    // Not --quiet: of some failures trivy only logs the cause.
    '--no-progress',
    ...(offline ? ['--offline-scan', '--skip-db-update', '--skip-java-db-update'] : []),
  ];
}

/** Reads trivy's version report; `unknown` where it is none. */
export function parseTrivyVersion(json: string): TrivyVersion {
  const answer = parseJson(json);
  return {
    version: reportText(answer, 'Version') ?? 'unknown',
    databaseDate: reportText(field(answer, 'VulnerabilityDB'), 'UpdatedAt'),
  };
}

/** Reads trivy's JSON report (schema 2). Severity is the vendor's if there is one, else NVD's. */
export function parseTrivy(json: string, about: TrivyVersion): Result<VulnerabilitiesFact> {
  const report = parseJson(json);
  if (!isObject(report) || report['SchemaVersion'] !== 2) return unreadable();
  const results = listField(report, 'Results');
  const reports = results.flatMap((result) =>
    listField(result, 'Vulnerabilities').map(trivyReport),
  );
  if (reports.includes(undefined)) return unreadable();
  const modified = results.flatMap((result) => listField(result, 'ExperimentalModifiedFindings'));
  const isEnded = field(field(field(report, 'Metadata'), 'OS'), 'EOSL') === true;
  return ok({
    scanner: 'trivy',
    scannerVersion: about.version,
    vulnerabilities: onePerCve(reports.filter((one) => one !== undefined)),
    suppressedByVex: 0,
    ...given({ databaseDate: about.databaseDate }),
    ...(isEnded ? { gaps: ['trivy knows its distribution as past its end of life'] } : {}),
    ...(modified.length === 0
      ? {}
      : { notices: [`trivy left out ${modified.length} by ignore rules of its own`] }),
  });
}

/** A finding; undefined where it does not say what is found where. */
function trivyReport(found: unknown): Report | undefined {
  const id = reportText(found, 'VulnerabilityID');
  const name = reportText(found, 'PkgName');
  if (id === undefined || name === undefined) return undefined;
  const source = reportText(found, 'SeveritySource');
  // Of several release branches trivy lists the fixes of all, with commas.
  const fixes = reportText(found, 'FixedVersion')?.split(/,\s*/) ?? [];
  const version = reportText(found, 'InstalledVersion') ?? '';
  const purl = reportText(field(found, 'PkgIdentifier'), 'PURL');
  return {
    id,
    package: name,
    version,
    severity: severityOf(textField(found, 'Severity')),
    weight: source === undefined || source === 'nvd' ? 0 : source === 'ghsa' ? 1 : 2,
    aliases: listField(found, 'VendorIDs')
      .slice(0, 500)
      .filter((alias) => typeof alias === 'string'),
    ...given({
      severitySource: source,
      fixedIn: nearestFix(version, fixes, purlType(purl)),
      fixedVersions: fixes.length < 2 ? undefined : fixes,
      url: reportUrl(found, 'PrimaryURL'),
      path: reportText(found, 'PkgPath'),
      purl,
    }),
  };
}
