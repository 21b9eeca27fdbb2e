import { noHigh } from '../../../src/rules/no-high/verdict.ts';
import { judgesAs } from '../shared/verdict/criterion-table.ts';
import { cve } from '../shared/verdict/facts-builder.ts';
import { countedRows, having } from '../shared/verdict/vulnerability-rows.ts';

judgesAs(noHigh, [
  ...countedRows('high', 'high'),
  {
    name: 'other severities are another criterion’s',
    facts: having(cve('CVE-2', 'critical'), cve('CVE-3', 'medium'), cve('CVE-9', 'unknown')),
    outcome: 'pass',
    says: 'no high CVE',
  },
]);
