import { noCritical } from '../../../src/criteria/vulnerabilities/no-critical.ts';
import { unknownFact, type Vulnerability } from '../../../src/model/facts.ts';
import { judgesAs } from '../criterion-table.ts';
import { cve, factsOf, scan } from '../facts-builder.ts';

const having = (...list: readonly Vulnerability[]) => factsOf({ vulnerabilities: scan(...list) });

judgesAs(noCritical, [
  {
    name: 'nothing found',
    facts: having(),
    outcome: 'pass',
    says: 'as of 2026-02-28',
    source: 'scanner',
  },
  {
    name: 'one of this severity',
    facts: having(cve('CVE-1', 'critical')),
    outcome: 'fail',
    says: '1 critical CVE: CVE-1',
  },
  {
    name: 'one CVE in two packages counts once',
    facts: having(cve('CVE-1', 'critical', 'a'), cve('CVE-1', 'critical', 'b')),
    outcome: 'fail',
    says: '1 critical CVE',
  },
  {
    name: 'other severities are another criterion’s',
    facts: having(cve('CVE-2', 'high'), cve('CVE-3', 'low'), cve('CVE-9', 'unknown')),
    outcome: 'pass',
    says: 'no critical CVE',
  },
  {
    name: 'no scanner',
    facts: factsOf({ vulnerabilities: unknownFact('no scanner is installed') }),
    outcome: 'unknown',
    says: 'no scanner',
    settle: 'install grype or trivy, then scoville grade IMAGE',
  },
]);
