import { noMedium } from '../../../src/criteria/vulnerabilities/no-medium.ts';
import { judgesAs } from '../criterion-table.ts';
import { cve } from '../facts-builder.ts';
import { countedRows, having } from '../vulnerability-rows.ts';

judgesAs(noMedium, [
  ...countedRows('medium', 'medium'),
  {
    name: 'other severities are another criterion’s',
    facts: having(cve('CVE-2', 'high'), cve('CVE-3', 'low'), cve('CVE-9', 'unknown')),
    outcome: 'pass',
    says: 'no medium CVE',
  },
]);
