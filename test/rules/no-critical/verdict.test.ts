import { noCritical } from '../../../src/rules/no-critical/verdict.ts';
import { judgesAs } from '../shared/verdict/criterion-table.ts';
import { cve } from '../shared/verdict/facts-builder.ts';
import { countedRows, having } from '../shared/verdict/vulnerability-rows.ts';

judgesAs(noCritical, [
  ...countedRows('critical', 'critical'),
  {
    name: 'other severities are another criterion’s',
    facts: having(cve('CVE-2', 'high'), cve('CVE-3', 'low'), cve('CVE-9', 'unknown')),
    outcome: 'pass',
    says: 'no critical CVE',
  },
]);
