import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cvssScore } from '../../src/scan/severity.ts';

describe('CVSS 3', () => {
  // Scores as FIRST's examples document and NVD publish them.
  test.each([
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 9.8],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', 10],
    ['CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N', 6.4],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N', 6.1],
    ['CVSS:3.0/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N', 3.1],
    ['CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H', 7.8],
    ['CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 6.8],
    ['CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H', 6.5],
    ['CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:C/C:H/I:H/A:H', 9.1],
    ['CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:H', 5.9],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N', 0],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O', 9.8],
    ['CVSS:3.1/S:U/C:H/I:H/A:H/AV:N/AC:L/PR:N/UI:N', 9.8],
  ])('%s is %s', async (vector, score) => {
    expect((await cvssScore(vector))?.score).toBe(score);
  });

  test.each([
    '',
    'CVSS:3.1/',
    'CVSS:2.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H',
    'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:X/C:H/I:H/A:H',
    'CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/E:U',
    'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/ZZ:Q',
    'CVSS:3.1/AV:Q/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    `CVSS:3.1/${'AV:N/'.repeat(100)}`,
  ])('%j is no vector', async (vector) => {
    expect(await cvssScore(vector)).toBeUndefined();
  });

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

test.each([
  ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 'CVSS 4.0', 9.3],
  ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H', 'CVSS 4.0', 10],
  ['CVSS:4.0/AV:L/AC:L/AT:N/PR:L/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N', 'CVSS 4.0', 0],
  ['AV:N/AC:L/Au:N/C:P/I:P/A:P', 'CVSS 2.0', 7.5],
  ['CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 'CVSS 3.0', 9.8],
  ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 'CVSS 3.1', 9.8],
])('%s by %s is %s', async (vector, version, score) => {
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
