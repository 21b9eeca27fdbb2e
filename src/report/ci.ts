import { type CriterionResult, isMet, VECTORS } from '../model/criterion.ts';
import type { LintedFile, LintLevel } from '../model/fix.ts';
import type { ReportInput } from '../model/report.ts';
import type { Scorecard } from '../model/scorecard.ts';
import { notGradedLines, VECTOR_NAMES, waiverReason } from './card.ts';
import {
  fingerprint,
  imagePath,
  LONGEST_MESSAGE,
  messageOf,
  PLACES_SHOWN,
  placesOf,
  sarifLevel,
} from './sarif.ts';
import { evidenceText, jsonText, shortened, xmlText } from './text.ts';

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

type Kind = 'passed' | 'failure' | 'error' | 'skipped';

function kindOf(result: CriterionResult, scorecard: Scorecard): Kind {
  if (isMet(result.outcome)) return 'passed';
  if (waiverReason(result.id, scorecard) !== undefined) return 'skipped';
  // An unknown must not look green: JUnit's `error` is a test that could not run.
  return result.outcome === 'fail' ? 'failure' : 'error';
}

function testcase(result: CriterionResult, scorecard: Scorecard, suite: string): string {
  const { id, title, level, outcome, summary } = result;
  const opening = `    <testcase name="${xml(`${id}: ${title} (level ${level})`)}" classname="${xml(suite)}">`;
  const kind = kindOf(result, scorecard);
  switch (kind) {
    case 'passed':
      return `${opening}<system-out>${xml(outcome === 'pass' ? summary : `not applicable: ${summary}`)}</system-out></testcase>`;
    case 'skipped':
      return `${opening}<skipped message="${xml(`waived: ${waiverReason(result.id, scorecard) ?? ''}; ${outcome}: ${summary}`)}"/></testcase>`;
    case 'failure':
    case 'error':
      return `${opening}<${kind} type="${outcome}" message="${xml(summary)}">${details(result)}</${kind}></testcase>`;
  }
}

interface Suite {
  readonly name: string;
  readonly results: readonly CriterionResult[];
  readonly scorecard: Scorecard;
}

function counts(suites: readonly Suite[], missing = 0): string {
  const kinds = suites.flatMap(({ results, scorecard }) =>
    results.map((one) => kindOf(one, scorecard)),
  );
  const of = (kind: Kind): number => kinds.filter((one) => one === kind).length;
  return `tests="${kinds.length + missing}" failures="${of('failure')}" errors="${of('error') + missing}" skipped="${of('skipped')}"`;
}

function suitesOf(scorecard: Scorecard): Suite[] {
  const several = scorecard.platforms.length > 1;
  return scorecard.platforms.flatMap(({ platform, criteria }) =>
    VECTORS.map((vector) => ({
      name: [scorecard.image, ...(several ? [platform] : []), VECTOR_NAMES[vector]].join(' / '),
      results: criteria.filter((one) => one.vector === vector),
      scorecard,
    })),
  );
}

/** A suite for platforms that could not be judged. */
function missingSuite(scorecard: Scorecard): { readonly xml: string; readonly count: number } {
  const lines = notGradedLines(scorecard);
  const name = xml(`${scorecard.image} / Platforms`);
  const cases = lines.map(
    (line, at) =>
      `    <testcase name="${xml(scorecard.notGraded?.[at]?.platform ?? '')}" classname="${name}"><error type="unknown" message="${xml(line)}"></error></testcase>`,
  );
  return {
    count: lines.length,
    xml: `  <testsuite name="${name}" tests="${lines.length}" failures="0" errors="${lines.length}" skipped="0" timestamp="${xml(scorecard.gradedAt)}">
${cases.join('\n')}
  </testsuite>`,
  };
}

/**
 * JUnit XML, with a suite for each vector of each platform of each image. Unless waived, `fail` is
 * a failure and `unknown` an error.
 */
export function junitReport(scorecards: readonly Scorecard[]): string {
  const suites = scorecards.flatMap(suitesOf);
  const written = suites.map((suite) => {
    const { name, results, scorecard } = suite;
    const cases = results.map((one) => testcase(one, scorecard, name)).join('\n');
    return `  <testsuite name="${xml(name)}" ${counts([suite])} timestamp="${xml(scorecard.gradedAt)}">
    <properties><property name="digest" value="${xml(scorecard.digest)}"/><property name="level" value="${scorecard.level}"/><property name="grade" value="${scorecard.overall.grade}"/></properties>
${cases}
  </testsuite>`;
  });
  const missing = scorecards.map(missingSuite).filter(({ count }) => count > 0);
  const count = missing.reduce((sum, one) => sum + one.count, 0);
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="scoville" ${counts(suites, count)}>
${[...written, ...missing.map((one) => one.xml)].join('\n')}
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
