import { noHigh } from '../../../src/criteria/vulnerabilities/no-high.ts';
import { unknownFact, type Vulnerability } from '../../../src/model/facts.ts';
import { judgesAs } from '../criterion-table.ts';
import { cve, factsOf, scan } from '../facts-builder.ts';

const having = (...list: readonly Vulnerability[]) => factsOf({ vulnerabilities: scan(...list) });

judgesAs(noHigh, [
  {
    name: 'nothing found',
    facts: having(),
    outcome: 'pass',
    says: 'as of 2026-02-28',
    source: 'scanner',
  },
  {
    name: 'one of this severity',
    facts: having(cve('CVE-1', 'high')),
    outcome: 'fail',
    says: '1 high CVE: CVE-1',
  },
  {
    name: 'one CVE in two packages counts once',
    facts: having(cve('CVE-1', 'high', 'a'), cve('CVE-1', 'high', 'b')),
    outcome: 'fail',
    says: '1 high CVE',
  },
  {
    name: 'other severities are another criterion’s',
    facts: having(cve('CVE-2', 'critical'), cve('CVE-3', 'medium'), cve('CVE-9', 'unknown')),
    outcome: 'pass',
    says: 'no high CVE',
  },
  {
    name: 'no scanner',
    facts: factsOf({ vulnerabilities: unknownFact('no scanner is installed') }),
    outcome: 'unknown',
    says: 'no scanner',
    settle: 'install grype or trivy, then scoville grade IMAGE',
  },
]);
