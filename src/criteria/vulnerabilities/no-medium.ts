import { SCAN_SETTLE, judgeScan } from '../counted-vulnerabilities.ts';
import { criterion } from '../criterion.ts';

export const noMedium = criterion({
  id: 'no-medium',
  title: 'No medium CVEs',
  vector: 'vulnerabilities',
  level: 4,
  spec: '#no-medium',
  why: 'Medium vulnerabilities are the steps between a first foothold and the host. Most go away with an update.',
  needs: ['vulnerabilities'],
  uses: ['declarations'],
  settle: SCAN_SETTLE,
  decidedBy:
    'The scanner reports no CVE of severity medium, after given or verified VEX statements. ' +
    'Each CVE counts once. The verdict names its scanner, the version and the date of the ' +
    'database, and applies to those. A database more than a week old causes a warning. Without ' +
    'a scanner it is unknown. So is an empty result that proves nothing: a distribution ' +
    'without data, a release past its end of support, no record of packages, or a database ' +
    'without a date.',
  check: ({ vulnerabilities, declarations }) => judgeScan(vulnerabilities, 'medium', declarations),
  remedies: [
    {
      title: 'Update the packages with medium CVEs',
      detail:
        'Update the base image or the packages, or remove them. If a CVE does not affect you, say so in a VEX document.',
      example: 'scoville build --pull .',
    },
  ],
});
