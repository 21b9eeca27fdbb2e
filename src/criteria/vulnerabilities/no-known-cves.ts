import { SCAN_SETTLE, judgeScan } from '../counted-vulnerabilities.ts';
import { criterion } from '../criterion.ts';

export const noKnownCves = criterion({
  id: 'no-known-cves',
  title: 'No known CVEs',
  vector: 'vulnerabilities',
  level: 5,
  spec: '#no-cves',
  needs: ['vulnerabilities'],
  settle: SCAN_SETTLE,
  decidedBy:
    'The scanner reports no CVE at all after VEX statements that are given or verified, whatever its severity; those of unknown severity count here only. The verdict holds for ' +
    'the scanner, its version and the date of its database, which it carries. Without a scanner: unknown.',
  check: ({ vulnerabilities }) => judgeScan(vulnerabilities, undefined),
  remedies: [
    {
      title: 'Update or drop what carries a known CVE',
      detail:
        'Rebuild on current bases and packages, drop what is not needed, and state in a VEX document what does not affect the image.',
      example: 'scoville build --pull .',
    },
  ],
});
