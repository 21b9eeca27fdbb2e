import { expect, test } from 'vitest';
import { matrixOf, resultsOf } from '../scripts/toolchains/matrix.mjs';

const report = (name: string, statuses: readonly string[], status = 'passed'): unknown => ({
  testResults: [
    {
      name,
      status,
      startTime: 0,
      endTime: 4200,
      assertionResults: statuses.map((one) => ({ status: one })),
    },
  ],
});

test('a file of tests ends on each toolchain as its report says', () => {
  const first = resultsOf(report('/x/a.e2e.test.ts', ['passed', 'passed', 'skipped']));
  const second = resultsOf(report('/x/a.e2e.test.ts', ['passed', 'failed'], 'failed'));
  const short = (name: string): string => name.replace('/x/', '');
  const lanes = [
    { name: 'first', versions: 'docker 26', results: first },
    { name: 'second', versions: 'docker 28', results: second },
  ];
  expect(matrixOf(lanes, short)).toEqual({
    text: `
first: docker 26
second: docker 28

   first                       second
a  ✔ 2 passed 1 skipped (4 s)  ✘ 1 passed 1 failed (4 s)
`,
    failed: true,
  });
  expect(matrixOf(lanes.slice(0, 1), short).failed).toBe(false);
});

test('a file that could not be set up, and a lane that told nothing, have failed', () => {
  const broken = resultsOf(report('/x/b.e2e.test.ts', [], 'failed'));
  const lane = { name: 'one', versions: '' };
  expect(matrixOf([{ ...lane, results: broken }], String).failed).toBe(true);
  expect(matrixOf([{ ...lane, results: [] }], String).failed).toBe(true);
});
