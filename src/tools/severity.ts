import type { Severity, Vulnerability } from '../model/facts.ts';

const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'negligible'];

/** A scanner's word for a severity as one of ours. */
export function severityOf(word: string | undefined): Severity {
  const lower = word?.toLowerCase();
  return SEVERITIES.find((severity) => severity === lower) ?? 'unknown';
}

/** Each CVE once for each package and version, in a stable order: worst first, then by id and package. */
export function distinct(found: readonly Vulnerability[]): readonly Vulnerability[] {
  const byKey = new Map(found.map((v) => [[v.id, v.package, v.version].join('\0'), v]));
  const rank = (v: Vulnerability): number => [...SEVERITIES, 'unknown'].indexOf(v.severity);
  return [...byKey.values()].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      compare(a.id, b.id) ||
      compare(a.package, b.package) ||
      compare(a.version, b.version),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
