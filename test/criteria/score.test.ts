import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradeOf, isAtLeast, levelOf, scoreOf, vectorScores } from '../../src/criteria/score.ts';
import type { Outcome } from '../../src/model/criterion.ts';
import { results } from './results.ts';

describe('gradeOf', () => {
  test.each([
    [23, 23, 'A+'],
    [22, 23, 'A'],
    [3, 4, 'A'],
    [18, 23, 'A'],
    [17, 23, 'B'],
    [2, 4, 'B'],
    [12, 23, 'B'],
    [11, 23, 'C'],
    [2, 5, 'C'],
    [10, 23, 'C'],
    [9, 23, 'D'],
    [1, 4, 'D'],
    [0, 4, 'D'],
    [0, 0, 'D'],
  ])('%i of %i is %s', (points, total, grade) => {
    expect(gradeOf(points, total)).toBe(grade);
  });

  test('nothing is rounded', () => {
    expect([gradeOf(749_999, 1_000_000), gradeOf(750_000, 1_000_000)]).toEqual(['B', 'A']);
  });

  test('more points are never a worse grade', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.nat(99), (total, n) => {
        const points = n % total;
        expect(isAtLeast(gradeOf(points + 1, total), gradeOf(points, total))).toBe(true);
      }),
    );
  });
});

test('isAtLeast', () => {
  expect([
    isAtLeast('A+', 'A'),
    isAtLeast('A', 'A'),
    isAtLeast('B', 'A'),
    isAtLeast('D', 'C'),
  ]).toEqual([true, true, false, false]);
});

describe('scores', () => {
  test('not applicable counts, unknown does not', () => {
    const list = results('pass', { 'pinned-packages': 'not-applicable', signed: 'unknown' });
    expect(scoreOf(list)).toEqual({ points: list.length - 1, total: list.length, grade: 'A' });
  });

  test('by vector', () => {
    const list = results('pass', { 'no-shell': 'fail', 'no-package-manager': 'fail' });
    expect(vectorScores(list).minimalism).toEqual({ points: 2, total: 4, grade: 'B' });
    expect(vectorScores(list).vulnerabilities).toEqual({ points: 4, total: 4, grade: 'A+' });
  });
});

describe('levelOf', () => {
  test.each<[string, Readonly<Record<string, Outcome>>, number]>([
    ['all pass', {}, 5],
    ['level 5 missed', { reproducible: 'unknown' }, 4],
    ['level 3 missed', { 'no-shell': 'fail' }, 2],
    ['an unknown holds back', { signed: 'unknown' }, 1],
    ['level 1 missed', { 'no-secrets': 'fail' }, 0],
    ['not applicable does not hold back', { 'verified-downloads': 'not-applicable' }, 5],
    ['the lowest counts', { sbom: 'fail', signed: 'fail' }, 1],
  ])('%s', (_name, change, level) => {
    expect(levelOf(results('pass', change))).toBe(level);
  });

  test('nothing judged is level 0', () => {
    expect(levelOf([])).toBe(0);
  });
});
