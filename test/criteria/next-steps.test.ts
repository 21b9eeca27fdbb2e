import { expect, test } from 'vitest';
import { nextSteps } from '../../src/criteria/next-steps.ts';
import { assembleScorecard } from '../../src/criteria/score.ts';
import type { CriterionResult } from '../../src/model/criterion.ts';
import { digestOf } from '../../src/model/reference.ts';

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
      text: 'no scan',
      command: "scoville grade 'it'\\''s:1'",
      criteria: ['cve-2', 'cve-3', 'cve-4'],
      gains: { points: 3, grade: 'A+', level: 4 },
    },
  ]);
});

test('what edits are ready for is one step; what fails beside it has its own', () => {
  const criteria = [result('a', 1, 'fail'), result('b', 1, 'fail'), result('c', 2, 'fail')];
  const edits = { text: '2 edits', criteria: ['a', 'c'], command: 'scoville fix' };
  expect(
    nextSteps(scorecard(criteria), { ready: [edits] }).map(({ text, command }) => [text, command]),
  ).toEqual([
    ['2 edits', 'scoville fix'],
    ['do b', 'scoville explain b'],
  ]);
});

test('what a ready step only works on has no step beside it, and is not promised', () => {
  const criteria = [result('a', 1, 'fail'), result('b', 1, 'fail')];
  const edits = { text: '2 edits', criteria: ['a'], partly: ['a', 'b'], command: 'scoville fix' };
  expect(nextSteps(scorecard(criteria), { ready: [edits] })).toEqual([
    {
      text: '2 edits',
      command: 'scoville fix',
      criteria: ['a', 'b'],
      gains: { points: 1, grade: 'B', level: 0 },
    },
  ]);
});

test('a command that does something comes before one that explains', () => {
  const criteria = [result('one', 1, 'fail'), result('two', 1, 'fail'), result('high', 3, 'fail')];
  const declared = { text: 'declare', criteria: ['high'], command: 'scoville config a=b' };
  expect(
    nextSteps(scorecard(criteria), { ready: [declared] }).map(({ command }) => command),
  ).toEqual(['scoville config a=b', 'scoville explain one', 'scoville explain two']);
});

test('what completes a level comes first, then the lowest level, then what gains most', () => {
  const criteria = [
    result('top', 3, 'fail'),
    result('one', 2, 'fail'),
    result('two', 2, 'fail', {
      remedies: [{ title: 'run it', detail: '', example: 'scoville build --pull .' }],
    }),
    result('too', 2, 'fail', {
      remedies: [{ title: 'run it too', detail: '', example: 'scoville build --pull .' }],
    }),
  ];
  expect(nextSteps(scorecard(criteria)).map((step) => step.criteria)).toEqual([
    ['two', 'too'],
    ['one'],
    ['top'],
  ]);
  const first = criteria.filter(({ id }) => id !== 'two' && id !== 'too');
  expect(nextSteps(scorecard(first)).map((step) => step.criteria)).toEqual([['one'], ['top']]);
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
