import { noCritical } from '../../../src/criteria/vulnerabilities/no-critical.ts';
import { judgesAs } from '../criterion-table.ts';
import { cve } from '../facts-builder.ts';
import { countedRows, having } from '../vulnerability-rows.ts';

judgesAs(noCritical, [
  ...countedRows('critical', 'critical'),
  {
    name: 'other severities are another criterion’s',
    facts: having(cve('CVE-2', 'high'), cve('CVE-3', 'low'), cve('CVE-9', 'unknown')),
    outcome: 'pass',
    says: 'no critical CVE',
  },
]);
