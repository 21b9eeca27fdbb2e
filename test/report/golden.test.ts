import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nextSteps } from '../../src/criteria/next-steps.ts';
import { unknownFact } from '../../src/model/facts.ts';
import type { LintedFile, LintRule } from '../../src/model/fix.ts';
import type { ProfileSummary } from '../../src/model/profile.ts';
import { digestOf } from '../../src/model/reference.ts';
import type { ReportInput } from '../../src/model/report.ts';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { badgeFiles } from '../../src/report/badges.ts';
import { codeQualityReport, junitReport, lintCodeQuality } from '../../src/report/ci.ts';
import { bakeTable, checkText, profileText } from '../../src/report/command-texts.ts';
import { differencesReport } from '../../src/report/compare.ts';
import { htmlReport } from '../../src/report/html/report.ts';
import { lintJson, lintSarif, lintText } from '../../src/report/lint.ts';
import { markdownReport, markdownSheet } from '../../src/report/markdown.ts';
import { sarifReport } from '../../src/report/sarif.ts';
import { terminalReport, terminalSheet } from '../../src/report/terminal.ts';
import {
  comparisonOf,
  differenceOf,
  packageOf,
  sampleContents,
  sampleInput,
} from './sample-contents.ts';
import { sampleDifferences } from './sample-differences.ts';
import { sampleFacts, sampleScorecard, twoPlatforms } from './sample-scorecard.ts';

const screen = (width: number) => ({ width, color: false, unicode: true });
const edits = {
  text: '7 edits',
  criteria: ['nonroot-user'],
  command: 'scoville fix app',
  cost: 'seconds',
} as const;
const card = sampleScorecard();
const flawed: ReportInput = {
  ...sampleInput(),
  steps: nextSteps(card, { ready: [edits] }),
  gate: { asked: 'level 2', unmet: ['level 0, at least 2'] },
};
const facts = sampleFacts();
const unread: ReportInput = {
  scorecard: {
    ...sampleScorecard({ ...facts, filesystem: unknownFact('no layers', 'scoville grade IMAGE') }),
    notGraded: [{ platform: 'linux/arm64', reason: 'not-held' }],
    notices: ['the provenance statements disagree'],
    trust: [{ setting: 'trust.images', source: 'project', file: '/clone/.scoville.yaml' }],
    withoutClaims: { level: 0, overall: { points: 5, total: 23, grade: 'D' } },
  },
  gate: { asked: 'level 0', unmet: [] },
};
const better: ReportInput = {
  ...sampleInput({ packages: [packageOf('hono', '4.0.1'), packageOf('zod', '3')] }),
  scorecard: {
    ...card,
    level: 1,
    levelName: 'Pimiento',
    overall: { points: 9, total: 23, grade: 'D' },
    criteria: card.criteria.map((one) =>
      one.id === 'no-shell' ? { ...one, outcome: 'pass', summary: 'no shell' } : one,
    ),
  },
};

const nothing = unknownFact('the scanner is missing', 'apt-get install grype');
const unreadContents = {
  ...sampleContents({ platform: 'linux/arm64' }),
  facts: { image: nothing, packages: nothing, attestations: nothing, vulnerabilities: nothing },
};

const range = { startLine: 1, startColumn: 6, endLine: 1, endColumn: 12 };
const finding = { rule: 'latest-tag', severity: 'warning', range, message: 'not pinned' } as const;
const linted: readonly LintedFile[] = [
  {
    name: 'app/Dockerfile',
    lines: ['FROM debian', '\tRUN a && \\', '  b', ''],
    parsed: true,
    findings: [
      { ...finding, remedy: 'Name the version', stage: '0' },
      { ...finding, rule: 'sudo', severity: 'info', range: { ...range, endLine: 3 } },
    ],
    ignored: [{ ...finding, reason: 'it is how [x](y)' }],
  },
  {
    name: '-',
    lines: [''],
    parsed: false,
    ignored: [],
    findings: [{ ...finding, severity: 'error', message: '{0} [a](b)' }],
  },
];
const rule: LintRule = {
  id: 'latest-tag',
  title: 'Images named by a version',
  level: 'warning',
  help: 'Another version may come.',
  remedy: 'Name the version',
  bad: '',
  good: '',
};

const profile: ProfileSummary = {
  schemaVersion: '1',
  file: 'my profile.json',
  image: 'app:1',
  digest: 'sha256:1',
  platform: 'linux/amd64',
  calls: 71,
  ofDefault: 370,
  gone: ['trace'],
  refused: ['bpf'],
  exercises: ['GET /'],
  confinement: 'read-only',
  startsProcesses: false,
};
const checked = { file: 'seccomp.json', image: 'app:1', holds: false, forbidden: ['fork'] };
const scored = {
  image: 'app:1',
  level: 2,
  overall: { points: 14, total: 23, grade: 'B' },
} as Scorecard;

/** What a page shows, without its style and its script. */
function bodyOf(page: string): string {
  return page.slice(page.indexOf('<main>'), page.indexOf('</main>')).replaceAll('><', '>\n<');
}

/** By file name. `npx vitest run --project unit test/report/golden.test.ts -u` writes new ones. */
const TEXTS: Readonly<Record<string, string>> = {
  'card-40.txt': terminalReport(flawed, screen(40)),
  'card-80.txt': terminalReport(flawed, screen(80)),
  'card-120.txt': terminalReport(flawed, screen(120)),
  'card-verbose.txt': terminalReport(flawed, { ...screen(100), unicode: false, verbose: true }),
  'card-colors.txt': terminalReport(flawed, { ...screen(100), color: true }),
  'card-unread.txt': terminalReport(unread, screen(80)),
  'card-unchanged.txt': terminalReport({ ...unread, unchanged: true }, screen(80)),
  'card-platforms.txt': terminalReport({ scorecard: twoPlatforms() }, screen(80)),
  'card.markdown': markdownReport(flawed),
  'card-unread.markdown': markdownReport(unread),
  'report.html': bodyOf(htmlReport({ ...flawed, contents: [sampleContents(), unreadContents] })),
  'junit.xml': junitReport([card, unread.scorecard]),
  'code-quality.json': codeQualityReport([flawed]),
  'card.sarif': sarifReport([flawed, unread]),
  'badges.txt': badgeFiles(card)
    .map(({ name, text }) => `${name}\n${text}`)
    .join('\n'),
  'several.txt': terminalSheet(comparisonOf(flawed, unread, better), screen(80)),
  'several.markdown': markdownSheet(comparisonOf(flawed, unread, better)),
  'difference.txt': terminalSheet(differenceOf(flawed, better), screen(80)),
  'difference.markdown': markdownSheet(differenceOf(flawed, better)),
  'images.txt': differencesReport(sampleDifferences(), 10),
  'lint.txt': lintText(linted, { color: false, unicode: true }),
  'lint.json': lintJson(linted, '1.2.3'),
  'lint.sarif': lintSarif(linted, { version: '1.2.3', rules: [rule] }),
  'lint-quality.json': lintCodeQuality(linted),
  'profile.txt': profileText(profile, {
    run: ['--env', 'PORT=81', '--volume', 'my pw:/pw:ro'],
    check: ['--exercise', 'ask.yaml', '--env', 'PORT=81', '--volume', 'my pw:/pw:ro'],
    image: 'app:1',
  }),
  'profile-folder.txt': profileText(
    { ...profile, image: 'a;b', exercises: [] },
    {
      ...{ run: [], check: ['--timeout', '60'], image: 'a-b', build: ['-t', 'a-b', 'a;b'] },
      attach: ['--profile', 'my profile.json', '-t', 'a-b', 'a;b'],
    },
  ),
  'profile-check.txt':
    checkText({ ...checked, wider: ['mount'], madeFrom: { image: 'sha256:1', when: '2026' } }) +
    checkText({ ...checked, holds: true, wider: [] }),
  'bake.txt': bakeTable([
    {
      target: 'app',
      state: 'published',
      names: ['app:1', 'app:2'],
      digest: digestOf(''),
      scorecard: scored,
    },
    { target: 'web', state: 'failed', names: [], reason: '\u001b[2Jthe build failed\nmore' },
    { target: 'lib', state: 'skipped', names: [], reason: 'web is not there' },
  ]),
};

test.each(Object.entries(TEXTS))('%s', async (name, text) => {
  await expect(text).toMatchFileSnapshot(join('../fixtures/reports', name));
});
