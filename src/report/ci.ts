import { type CriterionResult, isMet, VECTORS } from '../model/criterion.ts';
import type { LintedFile, LintLevel } from '../model/fix.ts';
import type { ReportInput } from '../model/report.ts';
import type { Scorecard } from '../model/scorecard.ts';
import { notGradedLines, VECTOR_NAMES, waiverReason } from './card.ts';
import { evidenceText, imagePath } from './evidence.ts';
import {
  fingerprint,
  LONGEST_MESSAGE,
  messageOf,
  PLACES_SHOWN,
  placesOf,
  sarifLevel,
} from './sarif.ts';
import { jsonText, shortened, xmlText } from './text.ts';

const LONGEST = 1000;
const EVIDENCE_SHOWN = 50;

/** Keeps only characters of XML 1.0, 2.2, and escapes markup. */
function xml(text: string): string {
  return xmlText(shortened(text, LONGEST));
}

function details({ evidence, settle, remedies }: CriterionResult): string {
  const rest = evidence.length - EVIDENCE_SHOWN;
  const lines = [
    ...evidence.slice(0, EVIDENCE_SHOWN).map(evidenceText),
    ...(rest > 0 ? [`and ${rest} more`] : []),
    ...(settle === undefined ? [] : [`to check: ${settle}`]),
    ...remedies.slice(0, 1).map(({ title }) => `what helps: ${title}`),
  ];
  return lines.map(xml).join('\n');
}

/** An unknown must not look green: JUnit's `error` is a test that could not run. */
type Kind = 'passed' | 'failure' | 'error' | 'skipped';

interface Case {
  readonly kind: Kind;
  readonly name: string;
  /** XML inside of it. */
  readonly content: string;
}

interface Suite {
  readonly name: string;
  readonly cases: readonly Case[];
  readonly scorecard: Scorecard;
}

function caseOf(result: CriterionResult, scorecard: Scorecard): Case {
  const { id, title, level, outcome, summary } = result;
  const name = `${id}: ${title} (level ${level})`;
  if (isMet(outcome)) {
    const text = outcome === 'pass' ? summary : `not applicable: ${summary}`;
    return { kind: 'passed', name, content: `<system-out>${xml(text)}</system-out>` };
  }
  const reason = waiverReason(id, scorecard);
  if (reason !== undefined) {
    const message = xml(`waived: ${reason}; ${outcome}: ${summary}`);
    return { kind: 'skipped', name, content: `<skipped message="${message}"/>` };
  }
  const kind = outcome === 'fail' ? 'failure' : 'error';
  const opening = `<${kind} type="${outcome}" message="${xml(summary)}">`;
  return { kind, name, content: `${opening}${details(result)}</${kind}>` };
}

function suitesOf(scorecard: Scorecard): readonly Suite[] {
  const several = scorecard.platforms.length > 1;
  return scorecard.platforms.flatMap(({ platform, criteria }) =>
    VECTORS.map((vector) => ({
      name: [scorecard.image, ...(several ? [platform] : []), VECTOR_NAMES[vector]].join(' / '),
      cases: criteria.filter((one) => one.vector === vector).map((one) => caseOf(one, scorecard)),
      scorecard,
    })),
  );
}

/** A suite for platforms that could not be judged. */
function missingSuite(scorecard: Scorecard): readonly Suite[] {
  const cases = notGradedLines(scorecard).map((line, at): Case => ({
    kind: 'error',
    name: scorecard.notGraded?.[at]?.platform ?? '',
    content: `<error type="unknown" message="${xml(line)}"></error>`,
  }));
  return cases.length === 0 ? [] : [{ name: `${scorecard.image} / Platforms`, cases, scorecard }];
}

function counts(cases: readonly Case[]): string {
  const of = (kind: Kind): number => cases.filter((one) => one.kind === kind).length;
  return `tests="${cases.length}" failures="${of('failure')}" errors="${of('error')}" skipped="${of('skipped')}"`;
}

function suiteXml({ name, cases, scorecard }: Suite): string {
  const { digest, level, overall, gradedAt } = scorecard;
  const each = cases.map(
    (one) =>
      `    <testcase name="${xml(one.name)}" classname="${xml(name)}">${one.content}</testcase>`,
  );
  return `  <testsuite name="${xml(name)}" ${counts(cases)} timestamp="${xml(gradedAt)}">
    <properties><property name="digest" value="${xml(digest)}"/><property name="level" value="${level}"/><property name="grade" value="${overall.grade}"/></properties>
${each.join('\n')}
  </testsuite>`;
}

/**
 * JUnit XML, with a suite for each vector of each platform of each image. Unless waived, `fail` is
 * a failure and `unknown` an error.
 */
export function junitReport(scorecards: readonly Scorecard[]): string {
  const suites = [...scorecards.flatMap(suitesOf), ...scorecards.flatMap(missingSuite)];
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="scoville" ${counts(suites.flatMap(({ cases }) => cases))}>
${suites.map(suiteXml).join('\n')}
</testsuites>
`;
}

/** GitLab: CI/CD, Code Quality, "Code Quality report format". All fields are required. */
interface Issue {
  readonly description: string;
  readonly check_name: string;
  /** Equal for the same finding in a later report; unique in this one. */
  readonly fingerprint: string;
  readonly severity: 'info' | 'minor' | 'major' | 'critical' | 'blocker';
  /** A path in the repository, without `./`. */
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
        // Findings outside of the Dockerfile have no path in the repository: they go to its first
        // line.
        const line = place.location.physicalLocation.region?.startLine ?? 1;
        const said = { text, path: dockerfile, line };
        return issue(result.id, `${image} ${place.key}`, sarifLevel(result), said);
      });
    }),
  );
  // Equal findings of several platforms are one.
  return [...new Map(found.map((one) => [one.fingerprint, one])).values()];
}

/** Findings for GitLab merge requests: failed and unknown checks, except those with a waiver. */
export function codeQualityReport(images: readonly ReportInput[]): string {
  return jsonText(images.flatMap(gradedIssues));
}

/** Same for `scoville lint`, without ignored findings. */
export function lintCodeQuality(files: readonly LintedFile[]): string {
  const seen = new Map<string, number>();
  const issues = files.flatMap(({ name, lines, findings }) =>
    findings.map(({ rule, severity, range, message, remedy }) => {
      const path = name === '-' ? 'Dockerfile' : name;
      const key = `${path} ${lines[range.startLine - 1]?.trim() ?? ''} ${message}`;
      // A file may contain a line twice.
      const times = (seen.get(`${rule} ${key}`) ?? 0) + 1;
      seen.set(`${rule} ${key}`, times);
      const text = remedy === undefined ? message : `${message}. ${remedy}.`;
      const unique = times === 1 ? key : `${key} ${times}`;
      return issue(rule, unique, severity, { text, path, line: range.startLine });
    }),
  );
  return jsonText(issues);
}
