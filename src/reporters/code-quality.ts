import type { LintedFile, LintLevel } from '../model/lint.ts';
import type { ReportInput } from '../model/report.ts';
import { shortened } from './clean-text.ts';
import { jsonText } from './json-text.ts';
import { LONGEST_MESSAGE } from './sarif/sarif-message.ts';
import { fingerprint, imagePath, placesOf } from './sarif/sarif-places.ts';
import { sarifLevel } from './sarif/sarif-rules.ts';
import { messageOf, PLACES_SHOWN } from './sarif/sarif.ts';
import { waiverReason } from './waiver.ts';

/** GitLab: CI/CD, Code Quality, "Code Quality report format". All fields have to be there. */
interface Issue {
  readonly description: string;
  readonly check_name: string;
  /** The same for the same finding in a later report; of no other finding in this one. */
  readonly fingerprint: string;
  readonly severity: 'info' | 'minor' | 'major' | 'critical' | 'blocker';
  /** A path of the repository, without `./` in front. */
  readonly location: { readonly path: string; readonly lines: { readonly begin: number } };
}

const SEVERITIES = { error: 'critical', warning: 'major', note: 'info', info: 'info' } as const;

function issue(
  check: string,
  key: string,
  level: LintLevel | 'note',
  said: { readonly text: string; readonly path: string; readonly line: number },
): Issue {
  return {
    description: shortened(said.text, LONGEST_MESSAGE),
    check_name: check,
    fingerprint: fingerprint(check, key),
    severity: SEVERITIES[level],
    location: {
      path: shortened(said.path, LONGEST_MESSAGE).replace(/^(?:\.?\/)+/, ''),
      lines: { begin: Math.max(1, said.line) },
    },
  };
}

function gradedIssues({ scorecard, dockerfile = 'Dockerfile' }: ReportInput): readonly Issue[] {
  const image = imagePath(scorecard.image);
  const found = scorecard.platforms.flatMap(({ criteria }) =>
    criteria.flatMap((result) => {
      const isFinding = result.outcome === 'fail' || result.outcome === 'unknown';
      if (!isFinding || waiverReason(result.id, scorecard) !== undefined) return [];
      const places = placesOf(result, { image, dockerfile });
      return places.slice(0, PLACES_SHOWN).map((place, index) => {
        const text = messageOf(result, place, index === 0 ? places.length - PLACES_SHOWN : 0);
        // What is not in the Dockerfile has no path in the repository: it is shown where the
        // Dockerfile begins.
        const line = place.location.physicalLocation.region?.startLine ?? 1;
        const said = { text, path: dockerfile, line };
        return issue(result.id, `${image} ${place.key}`, sarifLevel(result), said);
      });
    }),
  );
  // What several platforms have alike is one.
  return [...new Map(found.map((one) => [one.fingerprint, one])).values()];
}

/** Findings for GitLab merge requests: failed and unknown checks, except those with a waiver. */
export function codeQualityReport(images: readonly ReportInput[]): string {
  return jsonText(images.flatMap(gradedIssues));
}

/** The same of `scoville lint`, without what a comment takes back. */
export function lintCodeQuality(files: readonly LintedFile[]): string {
  const seen = new Map<string, number>();
  const issues = files.flatMap(({ name, lines, findings }) =>
    findings.map(({ rule, severity, range, message, remedy }) => {
      const path = name === '-' ? 'Dockerfile' : name;
      const key = `${path} ${lines[range.startLine - 1]?.trim() ?? ''} ${message}`;
      // A line may be in a file twice.
      const times = (seen.get(`${rule} ${key}`) ?? 0) + 1;
      seen.set(`${rule} ${key}`, times);
      const text = remedy === undefined ? message : `${message}. ${remedy}.`;
      const unique = times === 1 ? key : `${key} ${times}`;
      return issue(rule, unique, severity, { text, path, line: range.startLine });
    }),
  );
  return jsonText(issues);
}
