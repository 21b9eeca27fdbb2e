import { describe, expect, test } from 'vitest';
import type { Scored } from '../../src/grading/score.ts';
import type { Digest } from '../../src/model/digest.ts';
import { ok } from '../../src/model/result.ts';
import { planEdits } from '../../src/pipeline/compose-fixes.ts';
import { fixGains } from '../../src/pipeline/fix-gains.ts';
import { FIX_RULES } from '../../src/plans/fix/catalogue.ts';
import { FIXABLE_CRITERIA, fixCommand } from '../../src/plans/fix/fixable.ts';
import { around } from '../plans/fix/support.ts';

const A = `sha256:${'a'.repeat(64)}` as Digest;
const NOW = 1_700_000_000_000;
const declarations = {
  secrets: undefined,
  secretFiles: [],
  trustedImages: [],
  maxAgeDays: 30,
  now: NOW,
};

function scored(outcome: Scored['outcome']): readonly Scored[] {
  return [
    { id: 'pinned-images', vector: 'provenance', level: 1, outcome },
    { id: 'x', vector: 'provenance', level: 2, outcome: 'fail' },
    { id: 'y', vector: 'provenance', level: 1, outcome: 'pass' },
  ];
}

function gains(text: string, known: readonly string[], last?: readonly Scored[]) {
  const surroundings = around(FIX_RULES, {
    facts: { digests: new Map(known.map((name) => [`docker.io/library/${name}`, ok(A)])) },
  });
  const files = { dockerfile: text, ignoreFile: undefined };
  const plan = planEdits(files, surroundings);
  if (!plan.ok) throw new Error(plan.error.message);
  return Object.fromEntries(
    fixGains(plan.value.edits, { files, around: surroundings, declarations, scored: last }),
  );
}

describe('fixGains', () => {
  test('without a build: the point that the Dockerfile alone shows, and no grade', () => {
    expect(gains('FROM a:1\nMAINTAINER x\n', ['a:1'])).toEqual({
      'pin-images:a:1': { points: 1, together: [] },
    });
  });

  test('edits that are needed together name each other', () => {
    expect(gains('FROM a:1\nCOPY --from=b:1 / /\n', ['a:1', 'b:1'])).toEqual({
      'pin-images:a:1': { points: 1, together: ['pin-images:b:1'] },
      'pin-images:b:1': { points: 1, together: ['pin-images:a:1'] },
    });
  });

  test('nothing is claimed where something of the criterion stays', () => {
    expect(gains('FROM a:1\nCOPY --from=b:1 / /\n', ['a:1'])).toEqual({});
  });

  test('with the last build: grade and level of it with this one change', () => {
    expect(gains('FROM a:1\n', ['a:1'], scored('fail'))).toEqual({
      'pin-images:a:1': { points: 1, grade: 'B', level: 1, together: [] },
    });
    expect(gains('FROM a:1\n', ['a:1'], scored('pass'))).toEqual({});
  });
});

test('a scorecard names the command for the criteria that have a rule, and for no others', () => {
  const criteria = new Set(FIX_RULES.flatMap(({ criterion }) => criterion ?? []));
  expect([...FIXABLE_CRITERIA].sort()).toEqual([...criteria].sort());
  expect(fixCommand('pinned-images')).toBe('scoville fix --only pinned-images');
  expect(fixCommand('signed')).toBeUndefined();
});
