import { describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../src/criteria/catalogue.ts';
import { gradeOf, levelOf, scoreOf } from '../../src/criteria/score.ts';
import { VECTORS } from '../../src/model/criterion.ts';
import { elfWith, program } from '../facts/support.ts';
import { judgeRecipe } from './judge-recipe.ts';
import { PEER_MISTAKES } from './peer-mistakes/mistakes.ts';

const checks = [...new Set(PEER_MISTAKES.map(({ check }) => check))];

describe.each(checks)('chps-scorer, %s', (check) => {
  test.each(PEER_MISTAKES.filter((mistake) => mistake.check === check))(
    '$peer: $name ($criterion)',
    async ({ recipe, criterion, right, shows }) => {
      const found = (await judgeRecipe(recipe)).find(({ id }) => id === criterion);
      const { outcome, summary, evidence } = found ?? {};
      expect(outcome, summary).toBe(right);
      expect(evidence?.length).toBeGreaterThan(0);
      expect(`${summary ?? ''} ${JSON.stringify(evidence)}`).toMatch(shows);
    },
  );
});

describe('chps-scorer, totals', () => {
  // Its `--local` gives this image provenance 8 of 8, configuration 4 of 4, overall 15 of 20, "A".
  test('setuid ping, gcc, apt, a shell, a key in ENV, USER 0:0, unsigned: nothing of it passes', async () => {
    const results = await judgeRecipe({
      layers: [
        [
          program('bin/ping', undefined, 0o4755),
          program('usr/bin/gcc'),
          program('usr/bin/apt'),
          program('busybox/sh', elfWith('BusyBox v1.37.0', 40_000)),
        ],
      ],
      config: { User: '0:0', Env: [`API_KEY=AKIA${'Q3ZT'.repeat(4)}`] },
      created: '2026-02-28T00:00:00Z',
    });
    const passed = results.filter(({ outcome }) => outcome === 'pass').map(({ id }) => id);
    expect(passed).toEqual(['minimal-base', 'recently-updated']);
    expect(scoreOf(results)).toEqual({ points: 2, total: 23, grade: 'D' });
    expect(levelOf(results)).toBe(0);
  });

  test('all criteria of the specification count, those that could not be judged too', async () => {
    const results = await judgeRecipe({ layers: [[program('app')]] });
    expect(results).toHaveLength(CATALOGUE.length);
    expect(VECTORS.map((v) => results.filter(({ vector }) => vector === v).length)).toEqual([
      4, 9, 6, 4,
    ]);
    expect(results.filter(({ outcome }) => outcome === 'unknown').length).toBeGreaterThan(8);
    expect(scoreOf(results).total).toBe(23);
  });

  test.each([
    [100, 'A+'],
    [94, 'A'],
    [75, 'A'],
    [74, 'B'],
    [55, 'B'],
    [50, 'B'],
    [49, 'C'],
    [40, 'C'],
    [39, 'D'],
    [0, 'D'],
  ] as const)('%i %% is %s', (percent, grade) => {
    expect(gradeOf(percent, 100)).toBe(grade);
  });
});

test('each check of the peer is answered', () => {
  expect(PEER_MISTAKES.length).toBeGreaterThanOrEqual(40);
  expect(checks).toHaveLength(19);
});
