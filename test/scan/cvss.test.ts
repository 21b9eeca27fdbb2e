import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cvssScore } from '../../src/scan/severity.ts';
import { yamlTable } from '../fakes/table.ts';

const TABLES = yamlTable('test/scan/cvss.yaml') as {
  readonly three: readonly [vector: string, score: number][];
  readonly notThree: readonly string[];
  readonly others: readonly [vector: string, version: string, score: number][];
};

describe('CVSS 3', () => {
  test.each(TABLES.three)('%s is %s', async (vector, score) => {
    expect((await cvssScore(vector))?.score).toBe(score);
  });

  test.each([...TABLES.notThree, `CVSS:3.1/${'AV:N/'.repeat(100)}`])(
    '%j is no vector',
    async (vector) => {
      expect(await cvssScore(vector)).toBeUndefined();
    },
  );

  test('every vector has a score with one decimal, and more impact is never less', async () => {
    const metric = (name: string, values: string) =>
      fc.constantFrom(...values.split('')).map((value) => `${name}:${value}`);
    const exploitable = fc.tuple(
      metric('AV', 'NALP'),
      metric('AC', 'LH'),
      metric('PR', 'NLH'),
      metric('UI', 'NR'),
      metric('S', 'UC'),
    );
    await fc.assert(
      fc.asyncProperty(exploitable, metric('C', 'NLH'), metric('I', 'NLH'), async (how, c, i) => {
        const vector = (a: string) => ['CVSS:3.1', ...how, c, i, a].join('/');
        const all = await Promise.all(['A:N', 'A:L', 'A:H'].map((a) => cvssScore(vector(a))));
        const scores = all.map((one) => one?.score ?? -1);
        expect(scores).toEqual(scores.toSorted((x, y) => x - y));
        for (const one of scores) {
          expect(one).toBeGreaterThanOrEqual(0);
          expect(one).toBeLessThanOrEqual(10);
          expect(Math.round(one * 10) / 10).toBe(one);
        }
      }),
    );
  });
});

test.each(TABLES.others)('%s by %s is %s', async (vector, version, score) => {
  expect(await cvssScore(vector)).toEqual({ version, score });
});

test.each([
  '',
  'CVSS:4.0/garbage',
  'CVSS:4.0/AV:N',
  'CVSS:5.0/AV:N',
  '9.8',
  'AV:N/AC:L',
  `CVSS:4.0/${'A:N/'.repeat(1000)}`,
])('%j has no score', async (vector) => {
  expect(await cvssScore(vector)).toBeUndefined();
});
