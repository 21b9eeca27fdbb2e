import { SCAN_SETTLE, judgeScan } from '../counted-vulnerabilities.ts';
import { criterion } from '../criterion.ts';

export const noKnownCves = criterion({
  id: 'no-known-cves',
  title: 'No known CVEs',
  vector: 'vulnerabilities',
  level: 5,
  spec: '#no-cves',
  why: 'An image without any known vulnerability needs no triage, and each new one stands out.',
  needs: ['vulnerabilities'],
  uses: ['declarations'],
  settle: SCAN_SETTLE,
  decidedBy:
    'The scanner reports no CVE at all after VEX statements that are given or verified, whatever its severity; those of unknown severity count here only. The verdict holds for ' +
    'the scanner, its version and the date of its database, which it carries. A database more than a week old is warned of. Without a scanner, or where finding none proves nothing (a distribution without data, a release past its end of support, no record of packages, a database without a date): unknown.',
  check: ({ vulnerabilities, declarations }) => judgeScan(vulnerabilities, undefined, declarations),
  remedies: [
    {
      title: 'Update or drop what carries a known CVE',
      detail:
        'Update the base image or the packages, or remove them. If a CVE does not affect you, say so in a VEX document.',
      example: 'scoville build --pull .',
    },
  ],
});
