import { expect, test } from 'vitest';
import { CATALOGUE } from '../../src/criteria/catalogue.ts';
import { nextSteps, type StepSource, withSteps } from '../../src/criteria/next-steps.ts';
import { assembleScorecard } from '../../src/criteria/score.ts';
import type { CriterionResult } from '../../src/model/criterion.ts';
import { digestOf } from '../../src/model/reference.ts';
import type { ReadyStep } from '../../src/model/scorecard.ts';
import { results } from './results.ts';

function result(
  id: string,
  level: CriterionResult['level'],
  outcome: CriterionResult['outcome'],
  more: Partial<CriterionResult> = {},
): CriterionResult {
  return {
    id,
    title: id,
    vector: 'provenance',
    level,
    outcome,
    summary: `${id} is open`,
    source: 'image',
    evidence: [],
    remedies: [{ title: `do ${id}`, detail: '', example: 'FROM scratch' }],
    ...more,
  };
}

function scorecard(criteria: CriterionResult[], image = 'app:1') {
  const digest = digestOf('x');
  return assembleScorecard({
    toolVersion: '1',
    image,
    digest,
    gradedAt: '2026-01-01T00:00:00Z',
    platforms: [{ platform: 'linux/amd64', digest, criteria }],
  });
}

test('criteria that one check decides are one step, a whole command with the name of the image', () => {
  const settle = 'scoville grade IMAGE';
  const open = [2, 3, 4].map((level) =>
    result(`cve-${level}`, level as 2 | 3 | 4, 'unknown', { settle, summary: 'no scan' }),
  );
  expect(nextSteps(scorecard([result('a', 1, 'pass'), ...open], "it's:1"))).toEqual([
    {
      text: 'Check “cve-2”',
      command: "scoville grade 'it'\\''s:1'",
      cost: 'seconds',
      level: 2,
      criteria: ['cve-2', 'cve-3', 'cve-4'],
      gains: { points: 3, grade: 'A+', level: 4 },
    },
  ]);
});

/** A table: each row's steps as `LEVEL COST: COMMAND (CRITERIA)`. */
const BUILD = ['-t', 'app:1', '--secret', 'id=npm', '--config', 'my settings.yaml', '.'];
const EDITS: ReadyStep = {
  text: '2 edits',
  cost: 'seconds',
  criteria: ['nonroot-user', 'pinned-images'],
  partly: ['no-shell'],
  command: 'scoville fix --yes',
};
const PROVEN: ReadyStep = {
  text: '3 edits',
  cost: 'some builds',
  criteria: ['minimal-base', 'nonroot-user'],
  command: 'scoville fix --yes --verify',
};
const WORDS = "-t app:1 --secret id=npm --config 'my settings.yaml' .";
const SOURCE = { build: BUILD, dockerfile: 'Dockerfile' };
const FIXED = [
  {
    kind: 'vulnerability',
    id: 'CVE-1',
    severity: 'high',
    package: 'a',
    version: '1',
    fixedIn: '2',
  },
] as const;
const LOCKED = [
  {
    kind: 'image',
    reference: 'a',
    detail: 'FROM, line 1: digest set by this build',
    state: 'held',
  },
] as const;

type Row = readonly [
  name: string,
  criteria: CriterionResult[],
  source: StepSource,
  steps: readonly string[],
];

const failing = (change: Parameters<typeof results>[1] = {}): CriterionResult[] =>
  results('pass', change);
const withMore = (
  criteria: CriterionResult[],
  more: Readonly<Record<string, Partial<CriterionResult>>>,
): CriterionResult[] => criteria.map((one) => ({ ...one, ...more[one.id] }));

const TABLE: readonly Row[] = [
  [
    'all fail, and nothing is known of the project',
    results('fail'),
    {},
    [
      '1 a hand edit: scoville explain minimal-base (minimal-base)',
      '1 a hand edit: scoville explain trusted-source (trusted-source)',
      '1 a hand edit: scoville explain no-secrets (no-secrets)',
      '2 a hand edit: scoville explain recently-updated (recently-updated)',
      '2 a hand edit: scoville explain no-critical (no-critical)',
      '2 a hand edit: scoville explain no-build-tooling (no-build-tooling)',
      '2 a hand edit: scoville explain verified-downloads (verified-downloads)',
      '2 a hand edit: scoville explain signed (signed)',
      '2 a hand edit: scoville explain no-elevated-files (no-elevated-files)',
      '2 a hand edit: scoville explain nonroot-user (nonroot-user)',
      '3 a hand edit: scoville explain no-high (no-high)',
      '3 a hand edit: scoville explain no-shell (no-shell)',
      '3 a hand edit: scoville explain no-package-manager (no-package-manager)',
      '3 a hand edit: scoville explain pinned-images (pinned-images)',
      '3 a hand edit: scoville explain pinned-packages (pinned-packages)',
      '3 a hand edit: scoville explain secrets-by-file (secrets-by-file)',
      '3 a hand edit: scoville explain annotations (annotations)',
      '4 a hand edit: scoville explain sbom (sbom)',
      '4 a hand edit: scoville explain provenance (provenance)',
      '4 a hand edit: scoville explain no-medium (no-medium)',
      '5 a build: scoville profile app:1 (security-profile)',
      '5 a hand edit: scoville explain no-known-cves (no-known-cves)',
      '5 a hand edit: scoville explain reproducible (reproducible)',
    ],
  ],
  [
    'all fail, in a project',
    results('fail'),
    { ...SOURCE, ready: [EDITS, PROVEN] },
    [
      '1 some builds: scoville fix --yes --verify (minimal-base)',
      '1 a hand edit: scoville explain trusted-source (trusted-source)',
      '1 a hand edit: scoville explain no-secrets (no-secrets)',
      '2 seconds: scoville fix --yes (nonroot-user, no-shell, pinned-images)',
      `2 a build: scoville build --sign ${WORDS} (signed, sbom, provenance)`,
      `2 a build: scoville build --pull ${WORDS} (recently-updated)`,
      '2 a hand edit: scoville explain no-critical (no-critical)',
      '2 a hand edit: scoville explain no-build-tooling (no-build-tooling)',
      '2 a hand edit: scoville explain verified-downloads (verified-downloads)',
      '2 a hand edit: scoville explain no-elevated-files (no-elevated-files)',
      `3 some builds: scoville build --record ${WORDS} && scoville build --replay ${WORDS} (pinned-packages)`,
      '3 a hand edit: scoville explain no-high (no-high)',
      '3 a hand edit: scoville explain no-package-manager (no-package-manager)',
      '3 a hand edit: scoville explain secrets-by-file (secrets-by-file)',
      '3 a hand edit: scoville explain annotations (annotations)',
      '4 a hand edit: scoville explain no-medium (no-medium)',
      '5 a build: scoville profile app:1 (security-profile)',
      `5 two builds: scoville reproduce ${WORDS} (reproducible)`,
      '5 a hand edit: scoville explain no-known-cves (no-known-cves)',
    ],
  ],
  ...CATALOGUE.map(({ id, level }): Row => [
    `${id} alone`,
    failing({ [id]: 'fail' }),
    {},
    id === 'security-profile'
      ? ['5 a build: scoville profile app:1 (security-profile)']
      : [`${level} a hand edit: scoville explain ${id} (${id})`],
  ]),
  [
    'what was not read is recorded and replayed',
    withMore(failing({ 'verified-downloads': 'unknown', 'pinned-packages': 'fail' }), {
      'verified-downloads': { settle: 'RUN --network=none; or build with --record, then --replay' },
    }),
    { build: ['--record', '-t', 'app:1', '.'] },
    [
      '2 some builds: scoville build --record -t app:1 . && scoville build --replay -t app:1 . (verified-downloads, pinned-packages)',
    ],
  ],
  ...[
    ['-t', 'app:1', '.'],
    ['--replay', '-t', 'app:1', '.'],
  ].map((build): Row => [
    `a person changes first what no replay counts: ${build.join(' ')}`,
    withMore(failing({ 'pinned-packages': 'fail' }), {
      'pinned-packages': {
        settle: 'line 2: give its name, then build with --record, then --replay',
      },
    }),
    { build },
    [
      '3 a hand edit: scoville build --record -t app:1 . && scoville build --replay -t app:1 . (pinned-packages)',
    ],
  ]),
  [
    'a build that replayed is explained',
    failing({ 'pinned-packages': 'fail' }),
    { build: ['--replay', '-t', 'app:1', '.'] },
    ['3 a hand edit: scoville explain pinned-packages (pinned-packages)'],
  ],
  [
    'a lower level first, though a higher one is cheaper',
    failing({ 'no-secrets': 'fail', signed: 'fail', 'nonroot-user': 'fail' }),
    { ...SOURCE, ready: [EDITS] },
    [
      '1 a hand edit: scoville explain no-secrets (no-secrets)',
      '2 seconds: scoville fix --yes (nonroot-user)',
      `2 a build: scoville build --sign ${WORDS} (signed)`,
    ],
  ],
  [
    'what was turned off is turned on',
    failing({ signed: 'fail', sbom: 'fail', provenance: 'fail' }),
    { build: ['--sign=false', '--sbom', 'false', '--provenance=false', '-t', 'app:1', '.'] },
    ['2 a build: scoville build --sign -t app:1 . (signed, sbom, provenance)'],
  ],
  [
    'a second build that differed is not proven again',
    failing({ reproducible: 'fail' }),
    { build: ['--prove', '-t', 'app:1', '.'] },
    ['5 two builds: scoville reproduce -t app:1 . (reproducible)'],
  ],
  [
    'a second build is asked for once',
    withMore(failing({ reproducible: 'unknown' }), {
      reproducible: { settle: 'scoville build --prove -t IMAGE .' },
    }),
    { build: ['--prove', '-t', 'app:1', '.'] },
    ['5 two builds: scoville build --prove -t app:1 . (reproducible)'],
  ],
  [
    'CVEs with a fix, and bases by tag',
    withMore(failing({ 'no-high': 'fail', 'no-known-cves': 'fail', 'pinned-images': 'fail' }), {
      'no-high': { evidence: FIXED },
      'no-known-cves': { evidence: FIXED },
    }),
    SOURCE,
    [
      `3 a build: scoville build --pull ${WORDS} (no-high, no-known-cves)`,
      '3 a hand edit: scoville explain pinned-images (pinned-images)',
    ],
  ],
  [
    'CVEs with a fix, and bases by the lock',
    withMore(failing({ 'no-high': 'fail' }), {
      'no-high': { evidence: FIXED },
      'pinned-images': { evidence: LOCKED },
    }),
    { build: ['-t', 'app:1', '.'] },
    ['3 two builds: scoville lock -t app:1 . && scoville build -t app:1 . (no-high)'],
  ],
  [
    'CVEs with a fix, and bases by digest in the Dockerfile',
    withMore(failing({ 'no-high': 'fail' }), { 'no-high': { evidence: FIXED } }),
    SOURCE,
    ['3 a hand edit: scoville explain no-high (no-high)'],
  ],
  [
    'CVEs without a fix',
    failing({ 'no-high': 'fail', 'pinned-images': 'fail' }),
    SOURCE,
    [
      '3 a hand edit: scoville explain no-high (no-high)',
      '3 a hand edit: scoville explain pinned-images (pinned-images)',
    ],
  ],
  [
    'an export of advisories that is missing, by the settings that were given',
    withMore(failing({ 'no-critical': 'unknown' }), {
      'no-critical': { settle: 'scoville db update GIT && scoville grade IMAGE' },
    }),
    { grade: ['--policy', 'my policy.yaml', '--plain-http', 'h:1'] },
    [
      "2 seconds: scoville db update --policy 'my policy.yaml' GIT && scoville grade --policy 'my policy.yaml' --plain-http h:1 app:1 (no-critical)",
    ],
  ],
];

const shownSteps = (criteria: CriterionResult[], source: StepSource): readonly string[] =>
  nextSteps(scorecard(criteria), source).map(
    (one) => `${one.level} ${one.cost}: ${one.command} (${one.criteria.join(', ')})`,
  );

test.each(TABLE)('steps in order: %s', (_name, criteria, source, steps) => {
  expect(shownSteps(criteria, source)).toEqual(steps);
});

test('the scorecard lists what to do in the order of the steps, with their commands', () => {
  const card = scorecard(
    failing({ signed: 'fail', 'no-secrets': 'fail', 'pinned-images': 'fail' }),
  );
  const steps = nextSteps(card, { ...SOURCE, ready: [EDITS] });
  expect(
    withSteps(card, steps).suggestions.map(({ criterion, cost, command, fix }) => [
      ...[criterion, cost, command, fix],
    ]),
  ).toEqual([
    ['no-secrets', 'a hand edit', 'scoville explain no-secrets', undefined],
    ['signed', 'a build', `scoville build --sign ${WORDS}`, undefined],
    ['pinned-images', 'seconds', 'scoville fix --yes', 'scoville fix --yes'],
  ]);
});

test('what is said of a criterion names the command that runs here, or none', () => {
  const settle = 'scoville build --prove -t IMAGE .';
  const criteria = withMore(failing({ reproducible: 'unknown', 'no-high': 'fail' }), {
    reproducible: { settle },
  });
  const card = scorecard(criteria);
  const said = withSteps(card, nextSteps(card, { build: ['-t', 'app:1', '.'] })).criteria.flatMap(
    ({ id, outcome, settle, remedies }) =>
      outcome === 'pass' ? [] : [[id, settle, remedies[0]?.example]],
  );
  expect(said).toEqual([
    ['reproducible', 'scoville build --prove -t app:1 .', 'scoville build --prove -t app:1 .'],
    ['no-high', undefined, undefined],
  ]);
});

test('what a ready step only works on is not promised', () => {
  const criteria = [result('a', 1, 'fail'), result('b', 1, 'fail')];
  const edits: ReadyStep = { ...EDITS, criteria: ['a'], partly: ['a', 'b'] };
  expect(nextSteps(scorecard(criteria), { ready: [edits] })).toEqual([
    {
      text: '2 edits',
      command: 'scoville fix --yes',
      cost: 'seconds',
      level: 1,
      criteria: ['a', 'b'],
      gains: { points: 1, grade: 'B', level: 0 },
      isLeast: true,
    },
  ]);
});

test('edits come before what is said of their result, whatever they cost', () => {
  const criteria = [result('a', 1, 'fail'), result('b', 1, 'fail')];
  const proven: ReadyStep = { ...PROVEN, criteria: ['a'] };
  const command = 'scoville config trust.images=x && scoville build -t app:1 .';
  const trust: ReadyStep = { text: 'x', cost: 'a build', criteria: ['b'], command };
  const steps = nextSteps(scorecard(criteria), { ready: [trust, proven] });
  expect(steps.map((one) => one.command)).toEqual([proven.command, command]);
});

test('nothing is left to do where all is met', () => {
  expect(nextSteps(scorecard([result('a', 1, 'pass')]))).toEqual([]);
});

test.each([
  ['scoville reproduce --attest -t IMAGE .', 'scoville reproduce --attest -t app:1 -f D .'],
  ['scoville grade --file Dockerfile IMAGE', 'scoville grade --file D app:1'],
  ['Install Grype, then run: scoville grade IMAGE', 'scoville grade app:1'],
  ['scoville build --build-arg NAME=VALUE', 'scoville explain one'],
  ['set secrets.use in .scoville.yaml', 'scoville explain one'],
])('%s becomes a command that runs as it is, or the one that explains', (settle, command) => {
  const source = { build: ['-t', 'app:1', '-f', 'D', '.'], dockerfile: 'D' };
  const card = scorecard([result('one', 1, 'unknown', { settle })]);
  expect(nextSteps(card, source)[0]?.command).toBe(command);
});

test('what a failed check says of its image goes before what helps in general', () => {
  const card = scorecard([result('one', 1, 'fail', { settle: 'scoville explain one' })]);
  expect(nextSteps(card)[0]?.command).toBe('scoville explain one');
});

test('without the build, or a Dockerfile that may be its own, no command claims one', () => {
  for (const settle of [
    'scoville reproduce --attest -t IMAGE .',
    'scoville grade --file Dockerfile IMAGE',
  ]) {
    const card = scorecard([result('one', 1, 'unknown', { settle })]);
    expect(nextSteps(card)[0]?.command).toBe('scoville explain one');
  }
});
