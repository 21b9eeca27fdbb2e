import { noKnownCves } from '../../../src/rules/no-known-cves/verdict.ts';
import { judgesAs } from '../shared/verdict/criterion-table.ts';
import { cve } from '../shared/verdict/facts-builder.ts';
import { countedRows, having } from '../shared/verdict/vulnerability-rows.ts';

judgesAs(noKnownCves, [
  ...countedRows('negligible', 'known'),
  {
    name: 'unknown severities count',
    facts: having(cve('CVE-9', 'unknown'), { ...cve('CVE-8', 'low'), fixedIn: '2' }),
    outcome: 'fail',
    says: '2 known CVEs: 2 in zlib 1.2 (fixed in 2)',
  },
]);
