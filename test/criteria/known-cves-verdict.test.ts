import { noCritical, noHigh, noKnownCves, noMedium } from '../../src/criteria/known-cves.ts';
import { judgesAs } from './criterion-table.ts';
import { cve } from './facts-builder.ts';
import { countedRows, having } from './vulnerability-rows.ts';

const others = 'other severities are another criterion’s';

judgesAs(noCritical, [
  ...countedRows('critical', 'critical'),
  [
    'pass',
    others,
    having(cve('CVE-2', 'high'), cve('CVE-3', 'low'), cve('CVE-9', 'unknown')),
    'no critical CVE',
  ],
]);

judgesAs(noHigh, [
  ...countedRows('high', 'high'),
  [
    'pass',
    others,
    having(cve('CVE-2', 'critical'), cve('CVE-3', 'medium'), cve('CVE-9', 'unknown')),
    'no high CVE',
  ],
]);

judgesAs(noMedium, [
  ...countedRows('medium', 'medium'),
  [
    'pass',
    others,
    having(cve('CVE-2', 'high'), cve('CVE-3', 'low'), cve('CVE-9', 'unknown')),
    'no medium CVE',
  ],
]);

judgesAs(noKnownCves, [
  ...countedRows('negligible', 'known'),
  [
    'fail',
    'unknown severities count',
    having(cve('CVE-9', 'unknown'), { ...cve('CVE-8', 'low'), fixedIn: '2' }),
    '2 known CVEs: 2 in zlib 1.2 (fixed in 2)',
  ],
]);
