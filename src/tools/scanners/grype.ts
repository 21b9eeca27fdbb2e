import type { VulnerabilitiesFact } from '../../model/facts.ts';
import { field, isObject, listField, parseJson, textField } from '../../model/json-value.ts';
import { err, ok, type Result } from '../../model/result.ts';
import type { RunTool } from '../../model/run.ts';
import { nearestFix, purlType } from './nearest-fix.ts';
import { onePerCve, type Report } from './one-per-cve.ts';
import { given, reportText, reportUrl } from './report-text.ts';
import { scanOutput, type ScanRequest, type ScanTarget, unreadable } from './scanner.ts';
import { severityOf } from './severity.ts';

/** Scans with grype. An error where its database cannot be had, or it fails. */
export async function scanWithGrype(
  run: RunTool,
  { target, offline, signal }: ScanRequest,
): Promise<Result<VulnerabilitiesFact>> {
  const env = grypeEnvironment(offline);
  const output = await scanOutput(run, 'grype', grypeArgs(target), { ...given({ signal }), env });
  return output.ok ? parseGrype(output.value) : err(output.error);
}

/** `grype oci-dir:DIR -o json`, or `sbom:FILE`. */
export function grypeArgs(target: ScanTarget): readonly string[] {
  const what = target.kind === 'layout' ? `oci-dir:${target.dir}` : `sbom:${target.file}`;
  return [what, '--output', 'json', '--quiet'];
}

/** Turns off grype's update check; offline it uses a database of any age: its age is shown. */
export function grypeEnvironment(offline: boolean): Readonly<Record<string, string>> {
  const always = { GRYPE_CHECK_FOR_APP_UPDATE: 'false' };
  if (!offline) return always;
  return { ...always, GRYPE_DB_AUTO_UPDATE: 'false', GRYPE_DB_VALIDATE_AGE: 'false' };
}

/**
 * Reads grype's JSON report. Its severity is that of the matched namespace, the distribution's own
 * for its packages; where that is unknown, the related records' (NVD) counts.
 */
export function parseGrype(json: string): Result<VulnerabilitiesFact> {
  const report = parseJson(json);
  const descriptor = field(report, 'descriptor');
  if (!isObject(report) || !Array.isArray(report['matches']) || !isObject(descriptor))
    return unreadable();
  const reports = report['matches'].map(grypeReport);
  if (reports.includes(undefined)) return unreadable();
  const database = field(descriptor, 'db');
  const databaseDate =
    reportText(database, 'built') ?? reportText(field(database, 'status'), 'built');
  const gaps = distributionAlerts(report);
  const ignored = listField(report, 'ignoredMatches').length;
  return ok({
    scanner: 'grype',
    scannerVersion: reportText(descriptor, 'version') ?? 'unknown',
    vulnerabilities: onePerCve(reports.filter((one) => one !== undefined)),
    suppressedByVex: 0,
    ...given({ databaseDate }),
    ...(gaps.length === 0 ? {} : { gaps }),
    ...(ignored === 0 ? {} : { notices: [`grype left out ${ignored} by ignore rules of its own`] }),
  });
}

/** Grype's warnings about a distribution: unknown, past its end of life, or not looked up. */
function distributionAlerts(report: unknown): readonly string[] {
  const alerts = listField(report, 'alertsByPackage').flatMap((one) => listField(one, 'alerts'));
  const types = new Set(alerts.map((alert) => textField(alert, 'type')));
  return [
    ...(types.has('distro-eol') ? ['grype knows its distribution as past its end of life'] : []),
    ...(types.has('distro-unknown') ? ['grype does not know its distribution'] : []),
    ...(types.has('distro-disabled') ? ['grype was set not to look up its distribution'] : []),
  ];
}

/** A match; undefined where it does not say what is found where. */
function grypeReport(match: unknown): Report | undefined {
  const record = field(match, 'vulnerability');
  const artifact = field(match, 'artifact');
  const id = reportText(record, 'id');
  const name = reportText(artifact, 'name');
  if (id === undefined || name === undefined) return undefined;
  const related = listField(match, 'relatedVulnerabilities');
  const fixes = listField(field(record, 'fix'), 'versions')
    .map((version) => reportText({ version }, 'version'))
    .filter((version) => version !== undefined);
  const version = reportText(artifact, 'version') ?? '';
  const purl = reportText(artifact, 'purl');
  return {
    id,
    package: name,
    version,
    aliases: related.slice(0, 500).flatMap((other) => reportText(other, 'id') ?? []),
    ...judged(record, related),
    ...given({
      fixedIn: nearestFix(version, fixes, purlType(purl)),
      fixedVersions: fixes.length < 2 ? undefined : fixes,
      url: reportUrl(record, 'dataSource'),
      path: reportText(listField(artifact, 'locations')[0], 'path')?.replace(/^\/+/, ''),
      purl,
    }),
  };
}

function judged(
  record: unknown,
  related: readonly unknown[],
): Pick<Report, 'severity' | 'severitySource' | 'weight'> {
  const own = severityOf(textField(record, 'severity'));
  const namespace = reportText(record, 'namespace') ?? '';
  if (own !== 'unknown')
    return {
      severity: own,
      severitySource: namespace.split(':', 1)[0] ?? '',
      weight: namespace.includes(':distro:') ? 2 : 1,
    };
  const other = related
    .map((one) => severityOf(textField(one, 'severity')))
    .find((severity) => severity !== 'unknown');
  return { severity: other ?? 'unknown', weight: 0, severitySource: 'nvd' };
}
