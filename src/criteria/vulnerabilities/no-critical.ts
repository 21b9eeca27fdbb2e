import { SCAN_SETTLE, judgeScan } from '../counted-vulnerabilities.ts';
import { criterion } from '../criterion.ts';

export const noCritical = criterion({
  id: 'no-critical',
  title: 'No critical CVEs',
  vector: 'vulnerabilities',
  level: 2,
  spec: '#no-critical',
  why: 'Attackers use published vulnerabilities first: an exploit for a critical one is often public within days.',
  needs: ['vulnerabilities'],
  uses: ['declarations'],
  settle: SCAN_SETTLE,
  decidedBy:
    'The scanner reports no CVE of severity critical, after given or verified VEX statements. ' +
    'Each CVE counts once. The verdict names its scanner, the version and the date of the ' +
    'database, and applies to those. A database more than a week old causes a warning. Without ' +
    'a scanner it is unknown. So is an empty result that proves nothing: a distribution ' +
    'without data, a release past its end of support, no record of packages, or a database ' +
    'without a date.',
  check: ({ vulnerabilities, declarations }) =>
    judgeScan(vulnerabilities, 'critical', declarations),
  remedies: [
    {
      title: 'Update the packages with critical CVEs',
      detail:
        'Update the base image or the packages, or remove them. If a CVE does not affect you, say so in a VEX document.',
      example: 'scoville build --pull .',
    },
  ],
});
