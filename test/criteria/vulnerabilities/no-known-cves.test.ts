import { noKnownCves } from '../../../src/criteria/vulnerabilities/no-known-cves.ts';
import { judgesAs } from '../criterion-table.ts';
import { cve } from '../facts-builder.ts';
import { countedRows, having } from '../vulnerability-rows.ts';

judgesAs(noKnownCves, [
  ...countedRows('negligible', 'known'),
  {
    name: 'unknown severities count',
    facts: having(cve('CVE-9', 'unknown'), { ...cve('CVE-8', 'low'), fixedIn: '2' }),
    outcome: 'fail',
    says: '2 known CVEs: CVE-9, CVE-8, 1 with a fix',
  },
]);
