import type { Evidence, Verdict } from '../model/criterion.ts';
import type { Severity, VulnerabilitiesFact, Vulnerability } from '../model/facts.ts';
import { count, fail, listed, note, pass } from './verdict.ts';

function scanEvidence(scan: VulnerabilitiesFact): Evidence {
  const database =
    scan.databaseDate === undefined
      ? 'database of unknown date'
      : `database of ${scan.databaseDate}`;
  const vex = scan.suppressedByVex === 0 ? '' : `, ${scan.suppressedByVex} set aside by VEX`;
  return note(`${scan.scanner} ${scan.scannerVersion}, ${database}${vex}`);
}

function evidenceOf(found: Vulnerability): Evidence {
  return {
    kind: 'vulnerability',
    id: found.id,
    severity: found.severity,
    package: found.package,
    version: found.version,
    ...(found.fixedIn === undefined ? {} : { fixedIn: found.fixedIn }),
  };
}

/** Judges a scan by the CVEs of one severity, or by all of them; a CVE in several packages counts once. */
export function judgeScan(scan: VulnerabilitiesFact, severity: Severity | undefined): Verdict {
  const counted = scan.vulnerabilities.filter(
    (found) => severity === undefined || found.severity === severity,
  );
  const ids = [...new Set(counted.map(({ id }) => id))];
  const name = severity === undefined ? 'known CVE' : `${severity} CVE`;
  const asOf = scan.databaseDate === undefined ? '' : ` as of ${scan.databaseDate.slice(0, 10)}`;
  const evidence = [scanEvidence(scan), ...counted.map(evidenceOf)];
  if (ids.length === 0) return pass(`no ${name}, says ${scan.scanner}${asOf}`, evidence);
  const fixable = new Set(counted.filter((f) => f.fixedIn !== undefined).map(({ id }) => id)).size;
  const fixes = fixable === 0 ? '' : `, ${fixable} with a fix`;
  return fail(`${count(ids.length, name)}: ${listed(ids, 2)}${fixes}${asOf}`, evidence);
}

/** What a scan needs where there is none. */
export const SCAN_SETTLE = 'install grype or trivy, then scoville grade IMAGE';
