import { describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../src/criteria/catalogue.ts';
import { judgeRecipe } from './judge-recipe.ts';
import { LABELLED_IMAGES } from './labelled-images.ts';

const all = Object.values(LABELLED_IMAGES).flat();

test('every image has a label for each criterion, and a name of its own', () => {
  const ids = CATALOGUE.map(({ id }) => id).sort();
  expect(all.filter(({ expected }) => Object.keys(expected).sort().join() !== ids.join())).toEqual(
    [],
  );
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
});

test('every criterion is labelled met and not met, and unknown where it can be', () => {
  const outcomes = (id: string) => new Set(all.map(({ expected }) => expected[id]));
  for (const { id } of CATALOGUE) {
    expect([...outcomes(id)], id).toContain('fail');
    expect([...outcomes(id)].some((o) => o === 'pass' || o === 'not-applicable')).toBe(true);
  }
});

describe.each(Object.entries(LABELLED_IMAGES))('%s', (_theme, images) => {
  test.each(images)('$name', async ({ recipe, expected }) => {
    const results = await judgeRecipe(recipe);
    const got = Object.fromEntries(results.map(({ id, outcome }) => [id, outcome]));
    const differs = results
      .filter(({ id, outcome }) => outcome !== expected[id])
      .map(
        ({ id, outcome, summary }) => `${id}: ${outcome} (${summary}), not ${expected[id] ?? ''}`,
      );
    expect(differs).toEqual([]);
    expect(got).toEqual(expected);
    expect(results.filter(({ evidence }) => evidence.length === 0)).toEqual([]);
  });
});
