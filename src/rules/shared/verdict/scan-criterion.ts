import type { Criterion } from '../../../model/criterion.ts';
import type { Severity } from '../../../model/facts.ts';
import { judgeScan, SCAN_SETTLE } from './counted-vulnerabilities.ts';
import { criterion } from './criterion.ts';

/** The criterion that a scan finds no CVE of a severity; of none at all, where none is named. */
export function scanCriterion(
  own: Pick<Criterion, 'id' | 'level' | 'spec' | 'why'>,
  severity: Severity | undefined,
): Criterion {
  const which = severity ?? 'known';
  return criterion({
    ...own,
    title: `No ${which} CVEs`,
    vector: 'vulnerabilities',
    needs: ['vulnerabilities'],
    uses: ['declarations'],
    settle: SCAN_SETTLE,
    decidedBy:
      `The scanner reports no CVE of ${severity === undefined ? 'any severity' : `severity ${severity}`}, ` +
      'after given or verified VEX statements. ' +
      (severity === undefined
        ? 'CVEs of unknown severity count here only. '
        : 'Each CVE counts once. ') +
      'The verdict names its scanner, the version and the date of the database, and applies to ' +
      'those. A database more than a week old causes a warning, and one older than ' +
      '`databaseDays` finds nothing out. Without a scanner it is unknown. So is an empty result that proves nothing: a distribution without data, a ' +
      'release past its end of support, no record of packages, or a database without a date.',
    check: ({ vulnerabilities, declarations }) =>
      judgeScan(vulnerabilities, severity, declarations),
    remedies: [
      {
        title: `${severity === undefined ? 'Update or remove' : 'Update'} the packages with ${which} CVEs`,
        detail:
          'Update the base image or the packages, or remove them. If a CVE does not affect you, say so in a VEX document.',
        example: 'scoville build --pull .',
      },
    ],
  });
}
