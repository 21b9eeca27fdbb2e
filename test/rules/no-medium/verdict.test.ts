import { noMedium } from '../../../src/rules/no-medium/verdict.ts';
import { judgesAs } from '../shared/verdict/criterion-table.ts';
import { cve } from '../shared/verdict/facts-builder.ts';
import { countedRows, having } from '../shared/verdict/vulnerability-rows.ts';

judgesAs(noMedium, [
  ...countedRows('medium', 'medium'),
  {
    name: 'other severities are another criterion’s',
    facts: having(cve('CVE-2', 'high'), cve('CVE-3', 'low'), cve('CVE-9', 'unknown')),
    outcome: 'pass',
    says: 'no medium CVE',
  },
]);
