import { noMedium } from '../../../src/criteria/vulnerabilities/no-medium.ts';
import { unknownFact, type Vulnerability } from '../../../src/model/facts.ts';
import { judgesAs } from '../criterion-table.ts';
import { cve, factsOf, scan } from '../facts-builder.ts';

const having = (...list: readonly Vulnerability[]) => factsOf({ vulnerabilities: scan(...list) });

judgesAs(noMedium, [
  {
    name: 'nothing found',
    facts: having(),
    outcome: 'pass',
    says: 'as of 2026-02-28',
    source: 'scanner',
  },
  {
    name: 'one of this severity',
    facts: having(cve('CVE-1', 'medium')),
    outcome: 'fail',
    says: '1 medium CVE: CVE-1',
  },
  {
    name: 'one CVE in two packages counts once',
    facts: having(cve('CVE-1', 'medium', 'a'), cve('CVE-1', 'medium', 'b')),
    outcome: 'fail',
    says: '1 medium CVE',
  },
  {
    name: 'other severities are another criterion’s',
    facts: having(cve('CVE-2', 'high'), cve('CVE-3', 'low'), cve('CVE-9', 'unknown')),
    outcome: 'pass',
    says: 'no medium CVE',
  },
  {
    name: 'no scanner',
    facts: factsOf({ vulnerabilities: unknownFact('no scanner is installed') }),
    outcome: 'unknown',
    says: 'no scanner',
    settle: 'install grype or trivy, then scoville grade IMAGE',
  },
]);
