import { expect, test } from 'vitest';
import { FleetTally } from '../../src/criteria/score.ts';
import { digestOf } from '../../src/model/reference.ts';
import type { GradedLine } from '../../src/model/scorecard.ts';
import { fleetSummary } from '../../src/report/json.ts';

const graded = (level: number, grade: 'A' | 'D', more: Partial<GradedLine> = {}): GradedLine => ({
  schemaVersion: '1',
  status: 'graded',
  image: 'app',
  digest: digestOf(''),
  level,
  levelName: 'None',
  grade,
  overall: { points: 1, total: 2, grade },
  vectors: {} as GradedLine['vectors'],
  criteria: { shell: 'fail', sbom: 'pass', signed: 'unknown' },
  platforms: [],
  short: [],
  asked: 'x',
  tool: { name: 'scoville', version: '1' },
  at: '2026-01-01T00:00:00.000Z',
  ...more,
});

test('counts levels, grades, what is short, what failed, and criteria that are not met', () => {
  const tally = new FleetTally();
  tally.add(graded(0, 'D'));
  tally.add(graded(2, 'A', { criteria: { signed: 'fail', shell: 'not-applicable' } }));
  tally.add(graded(0, 'D', { short: ['level 0'], criteria: {} }));
  tally.add({
    schemaVersion: '1',
    status: 'failed',
    image: 'gone',
    error: { message: 'not there' },
    asked: 'x',
    tool: { name: 'scoville', version: '1' },
    at: '2026-01-01T00:00:00.000Z',
  });
  const totals = tally.totals();
  expect(totals).toMatchObject({ graded: 3, short: 1, failed: 1 });
  expect(totals.unmet).toEqual([
    { criterion: 'signed', images: 2 },
    { criterion: 'shell', images: 1 },
  ]);
  expect(fleetSummary(totals)).toBe(
    `images      4: 3 graded, 1 short of the gate, 1 failed
levels      0: 2, 2: 1
grades      A: 1, D: 2
unmet most  signed 2, shell 1
`,
  );
});

test('where nothing was graded there is nothing to count', () => {
  expect(fleetSummary(new FleetTally().totals())).toBe(
    'images      0: 0 graded, 0 short of the gate, 0 failed\n',
  );
});
