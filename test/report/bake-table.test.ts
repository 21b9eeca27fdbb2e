import { expect, test } from 'vitest';
import { digestOf } from '../../src/model/reference.ts';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { bakeJson, bakeTable } from '../../src/report/command-texts.ts';

const scorecard = { level: 2, overall: { points: 14, total: 23, grade: 'B' } } as Scorecard;

test('a row a target, and below it why one was not published', () => {
  expect(
    bakeTable([
      {
        target: 'app',
        state: 'published',
        names: ['app:1', 'app:2'],
        digest: digestOf(''),
        scorecard,
      },
      { target: 'web-a', state: 'failed', names: [], reason: '\u001b[2Jthe build failed\nmore' },
      { target: 'lib', state: 'skipped', names: [], reason: 'web-a is not there' },
    ]),
  ).toBe(`target  level  grade      result     digest        names
app     2      B (14/23)  published  e3b0c44298fc  app:1, app:2
web-a   -      -          failed     -             -
lib     -      -          not built  -             -
  web-a: \ufffd[2Jthe build failed
  lib: web-a is not there
`);
});

test('as JSON the rows are as they are', () => {
  expect(JSON.parse(bakeJson([{ target: 'a', state: 'held', names: [], scorecard }]))).toEqual({
    schemaVersion: '1',
    targets: [{ target: 'a', state: 'held', names: [], scorecard }],
  });
});
