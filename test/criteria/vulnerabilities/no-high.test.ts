import { noHigh } from '../../../src/criteria/vulnerabilities/no-high.ts';
import { judgesAs } from '../criterion-table.ts';
import { cve } from '../facts-builder.ts';
import { countedRows, having } from '../vulnerability-rows.ts';

judgesAs(noHigh, [
  ...countedRows('high', 'high'),
  {
    name: 'other severities are another criterion’s',
    facts: having(cve('CVE-2', 'critical'), cve('CVE-3', 'medium'), cve('CVE-9', 'unknown')),
    outcome: 'pass',
    says: 'no high CVE',
  },
]);
