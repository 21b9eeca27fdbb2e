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
    'The scanner reports no CVE of any severity, after given or verified VEX statements. ' +
    'CVEs of unknown severity count here only. The verdict names its scanner, the version and the date of the ' +
    'database, and applies to those. A database more than a week old causes a warning. Without ' +
    'a scanner it is unknown. So is an empty result that proves nothing: a distribution ' +
    'without data, a release past its end of support, no record of packages, or a database ' +
    'without a date.',
  check: ({ vulnerabilities, declarations }) => judgeScan(vulnerabilities, undefined, declarations),
  remedies: [
    {
      title: 'Update or remove the packages with known CVEs',
      detail:
        'Update the base image or the packages, or remove them. If a CVE does not affect you, say so in a VEX document.',
      example: 'scoville build --pull .',
    },
  ],
});
