import { describe, expect, test } from 'vitest';
import type { LintedFile } from '../../src/model/fix.ts';
import { codeQualityReport, lintCodeQuality } from '../../src/report/ci.ts';
import { sampleScorecard, twoPlatforms } from './sample-scorecard.ts';

interface Issue {
  readonly description: string;
  readonly check_name: string;
  readonly fingerprint: string;
  readonly severity: string;
  readonly location: { readonly path: string; readonly lines: { readonly begin: number } };
}

/** What GitLab asks of a report (CI/CD, Code Quality, "Code Quality report format"). */
function issuesOf(text: string): readonly Issue[] {
  expect(text.charCodeAt(0)).not.toBe(0xfeff);
  const issues = JSON.parse(text) as readonly Issue[];
  for (const one of issues) {
    expect(Object.keys(one).toSorted()).toEqual(
      ['description', 'check_name', 'fingerprint', 'severity', 'location'].toSorted(),
    );
    expect(one.description).not.toBe('');
    expect(one.check_name).toMatch(/^[a-z-]+$/);
    expect(one.fingerprint).toMatch(/^[0-9a-f]{32}$/);
    expect(['info', 'minor', 'major', 'critical', 'blocker']).toContain(one.severity);
    expect(one.location.path).not.toMatch(/^\.?\//);
    expect(Number.isInteger(one.location.lines.begin) && one.location.lines.begin > 0).toBe(true);
  }
  // GitLab shows one of those that share a fingerprint.
  expect(new Set(issues.map(({ fingerprint }) => fingerprint)).size).toBe(issues.length);
  return issues;
}

const lineOf = ({ location }: Issue): string => `${location.path}:${location.lines.begin}`;

function linted(more: Partial<LintedFile> = {}): LintedFile {
  const range = { startLine: 2, startColumn: 1, endLine: 2, endColumn: 9 };
  return {
    name: 'app/Dockerfile',
    lines: ['FROM a', 'RUN sudo a', 'RUN sudo a'],
    parsed: true,
    findings: [
      { rule: 'sudo', severity: 'warning', range, message: 'sudo', remedy: 'Use USER' },
      { rule: 'sudo', severity: 'warning', range: { ...range, startLine: 3 }, message: 'sudo' },
      { rule: 'no-secrets', severity: 'error', range, message: 'a key' },
      { rule: 'unread-shell', severity: 'info', range, message: 'not read' },
    ],
    ignored: [{ rule: 'latest-tag', severity: 'warning', range, message: 'x', reason: 'y' }],
    ...more,
  };
}

describe('codeQualityReport', () => {
  const issues = issuesOf(codeQualityReport([{ scorecard: sampleScorecard() }]));
  const found = (check: string): readonly Issue[] =>
    issues.filter(({ check_name }) => check_name === check);

  test('what a waiver accepts is left out, until it runs out', () => {
    expect(found('no-shell')).toEqual([]);
    const late = { ...sampleScorecard(), gradedAt: '2027-01-01T00:00:00Z' };
    const checks = issuesOf(codeQualityReport([{ scorecard: late }])).map((one) => one.check_name);
    expect(checks).toContain('no-shell');
  });

  test('a finding is at its line of the Dockerfile, or at its first line', () => {
    const inApp = issuesOf(
      codeQualityReport([{ scorecard: sampleScorecard(), dockerfile: './app/Dockerfile' }]),
    );
    expect([...new Set(inApp.map(({ location }) => location.path))]).toEqual(['app/Dockerfile']);
    expect(lineOf(inApp.find(({ check_name }) => check_name === 'no-secrets') as Issue)).toBe(
      'app/Dockerfile:1',
    );
    const lines = Object.fromEntries(inApp.map((one) => [one.check_name, lineOf(one)]));
    expect(lines).toMatchObject({
      'verified-downloads': 'app/Dockerfile:5',
      'pinned-packages': 'app/Dockerfile:3',
      annotations: 'app/Dockerfile:1',
    });
  });

  test('a finding of several platforms is one, of several images several', () => {
    const one = issuesOf(codeQualityReport([{ scorecard: sampleScorecard() }]));
    expect(issuesOf(codeQualityReport([{ scorecard: twoPlatforms() }])).length).toBeGreaterThan(0);
    const other = { ...sampleScorecard(), image: 'registry.example.com/other:1' };
    const both = codeQualityReport([{ scorecard: sampleScorecard() }, { scorecard: other }]);
    expect(issuesOf(both)).toHaveLength(one.length * 2);
  });
});

describe('lintCodeQuality', () => {
  test('a fingerprint stays when lines above are added, and stdin is a Dockerfile', () => {
    const [before] = issuesOf(lintCodeQuality([linted()]));
    const lines = ['# more', 'FROM a', 'RUN sudo a'];
    const range = { startLine: 3, startColumn: 1, endLine: 3, endColumn: 9 };
    const moved = linted({
      lines,
      findings: [{ rule: 'sudo', severity: 'warning', range, message: 'sudo' }],
    });
    expect(issuesOf(lintCodeQuality([moved]))[0]?.fingerprint).toBe(before?.fingerprint);
    expect(lineOf(issuesOf(lintCodeQuality([linted({ name: '-' })]))[0] as Issue)).toBe(
      'Dockerfile:2',
    );
    expect(lintCodeQuality([])).toBe('[]\n');
  });
});
