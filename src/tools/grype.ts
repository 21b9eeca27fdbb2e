import type { VulnerabilitiesFact, Vulnerability } from '../model/facts.ts';
import { type Result, ok } from '../model/result.ts';
import type { RunTool } from '../model/run.ts';
import { field, isRecord, listField, parseJson, textField } from './json-fields.ts';
import { type ScanRequest, scanOutput, unreadable } from './scanner.ts';
import { distinct, severityOf } from './severity.ts';

/** Scans an OCI layout with grype. An error where its database cannot be had, or it fails. */
export async function scanWithGrype(
  run: RunTool,
  request: ScanRequest,
): Promise<Result<VulnerabilitiesFact>> {
  const output = await scanOutput(run, 'grype', grypeArgs(request), request.signal);
  return output.ok ? parseGrype(output.value) : output;
}

/** `grype oci-dir:DIR -o json`, with each VEX file. */
export function grypeArgs(request: Pick<ScanRequest, 'layoutDir' | 'vexFiles'>): readonly string[] {
  return [
    `oci-dir:${request.layoutDir}`,
    '--output',
    'json',
    '--quiet',
    ...request.vexFiles.flatMap((file) => ['--vex', file]),
  ];
}

/**
 * Reads grype's JSON report. Its severity is that of the matched namespace, the distribution's own for its packages; where that
 * is unknown, the related records' (NVD) counts.
 */
export function parseGrype(json: string): Result<VulnerabilitiesFact> {
  const report = parseJson(json);
  const descriptor = field(report, 'descriptor');
  if (!isRecord(report) || !Array.isArray(report['matches']) || !isRecord(descriptor))
    return unreadable('grype');
  const database = field(descriptor, 'db');
  const built = textField(database, 'built') ?? textField(field(database, 'status'), 'built');
  return ok({
    scanner: 'grype',
    scannerVersion: textField(descriptor, 'version') ?? 'unknown',
    ...(built === undefined ? {} : { databaseDate: built }),
    vulnerabilities: distinct(report['matches'].flatMap(vulnerabilityOf)),
    suppressedByVex: listField(report, 'ignoredMatches').filter(isIgnoredByVex).length,
  });
}

function vulnerabilityOf(match: unknown): readonly Vulnerability[] {
  const record = field(match, 'vulnerability');
  const artifact = field(match, 'artifact');
  const id = textField(record, 'id');
  const name = textField(artifact, 'name');
  if (id === undefined || name === undefined) return [];
  const own = severityOf(textField(record, 'severity'));
  const related = listField(match, 'relatedVulnerabilities')
    .map((other) => severityOf(textField(other, 'severity')))
    .find((severity) => severity !== 'unknown');
  const fixed = listField(field(record, 'fix'), 'versions').find((v) => typeof v === 'string');
  return [
    {
      id,
      severity: own === 'unknown' ? (related ?? own) : own,
      package: name,
      version: textField(artifact, 'version') ?? '',
      ...(fixed === undefined ? {} : { fixedIn: fixed }),
    },
  ];
}

function isIgnoredByVex(match: unknown): boolean {
  return listField(match, 'appliedIgnoreRules').some(
    (rule) =>
      (textField(rule, 'vex-status') ?? '') !== '' || textField(rule, 'namespace') === 'vex',
  );
}
