import { noKnownCves } from '../../../src/criteria/vulnerabilities/no-known-cves.ts';
import { unknownFact, type Vulnerability } from '../../../src/model/facts.ts';
import { judgesAs } from '../criterion-table.ts';
import { cve, factsOf, scan } from '../facts-builder.ts';

const having = (...list: readonly Vulnerability[]) => factsOf({ vulnerabilities: scan(...list) });

judgesAs(noKnownCves, [
  {
    name: 'nothing found',
    facts: having(),
    outcome: 'pass',
    says: 'as of 2026-02-28',
    source: 'scanner',
  },
  {
    name: 'one of this severity',
    facts: having(cve('CVE-1', 'negligible')),
    outcome: 'fail',
    says: '1 known CVE: CVE-1',
  },
  {
    name: 'one CVE in two packages counts once',
    facts: having(cve('CVE-1', 'negligible', 'a'), cve('CVE-1', 'negligible', 'b')),
    outcome: 'fail',
    says: '1 known CVE',
  },
  {
    name: 'unknown severities count',
    facts: having(cve('CVE-9', 'unknown'), { ...cve('CVE-8', 'low'), fixedIn: '2' }),
    outcome: 'fail',
    says: '2 known CVEs: CVE-9, CVE-8, 1 with a fix',
  },
  {
    name: 'no scanner',
    facts: factsOf({ vulnerabilities: unknownFact('no scanner is installed') }),
    outcome: 'unknown',
    says: 'no scanner',
    settle: 'install grype or trivy, then scoville grade IMAGE',
  },
]);
