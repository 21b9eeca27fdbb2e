import { type Severity, severityRank, type Vulnerability } from '../../model/facts.ts';
import { byCodeUnit } from '../../model/order.ts';
import { bestNames, namedBy, otherNames } from './alias-names.ts';

/** What a database says of one package, under its own id. */
export interface Report extends Vulnerability {
  /**
   * What its severity is worth beside another record's of the same CVE: 2 a distribution's word on
   * this very CVE, 1 a word on an advisory or from a database for everybody, 0 a computed score.
   */
  readonly weight: 0 | 1 | 2;
}

/**
 * Every CVE once for each package and version, whatever it is called in each database: names that
 * are aliases of each other are one, an advisory counts as the CVEs that it names. Worst first,
 * then by id, package and version; the order of the reports makes no difference.
 */
export function onePerCve(reports: readonly Report[]): readonly Vulnerability[] {
  const ordered = [...reports].sort(
    (a, b) => byWorst(a, b) || byCodeUnit(a.path ?? '', b.path ?? ''),
  );
  const best = bestNames(ordered);
  const merged = new Map<string, Weighed>();
  for (const report of ordered) {
    for (const name of new Set(namedBy(report).map(best))) {
      const key = [name, report.package, report.version].join('\0');
      const before = merged.get(key);
      const { weight, ...found } = before === undefined ? report : joined(before, report);
      const names = [...(before?.found.aliases ?? []), ...otherNames(report)];
      const aliases = [...new Set(names)].filter((other) => other !== name).sort(byCodeUnit);
      merged.set(key, { weight, found: { ...found, id: name, aliases } });
    }
  }
  return [...merged.values()].map(({ found }) => found).sort(byWorst);
}

interface Weighed {
  readonly weight: Report['weight'];
  readonly found: Vulnerability;
}

function joined({ found, weight }: Weighed, b: Report): Report {
  const a: Report = { ...found, weight };
  const [fuller, other] = saysMore(a, b) ? [a, b] : [b, a];
  const versions = [...new Set([...fixes(a), ...fixes(b)])].sort(byCodeUnit);
  return { ...other, ...fuller, ...(versions.length < 2 ? {} : { fixedVersions: versions }) };
}

/** True if the severity of `a` counts: a known one first, then the weightier, then the worse. */
function saysMore(a: Report, b: Report): boolean {
  const isSilent = (severity: Severity): number => Number(severity === 'unknown');
  const order =
    isSilent(a.severity) - isSilent(b.severity) ||
    b.weight - a.weight ||
    severityRank(a.severity) - severityRank(b.severity);
  return order <= 0;
}

function fixes({ fixedIn, fixedVersions }: Vulnerability): readonly string[] {
  return fixedVersions ?? (fixedIn === undefined ? [] : [fixedIn]);
}

function byWorst(a: Vulnerability, b: Vulnerability): number {
  return (
    severityRank(a.severity) - severityRank(b.severity) ||
    byCodeUnit(a.id, b.id) ||
    byCodeUnit(a.package, b.package) ||
    byCodeUnit(a.version, b.version)
  );
}
