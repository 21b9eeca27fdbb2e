import { beforeAll, describe, expect, test } from 'vitest';
import { assembleScorecard, levelOf, scoreOf, vectorScores } from '../../src/criteria/score.ts';
import { type CriterionResult, isMet, VECTORS } from '../../src/model/criterion.ts';
import { digestOf } from '../../src/model/reference.ts';
import { judgeRecipe } from './judge-recipe.ts';
import { LABELLED_IMAGES } from './labelled-images.ts';
import { HARDENED } from './starting-points.ts';

const images = Object.values(LABELLED_IMAGES).flat();
const judged: { name: string; results: readonly CriterionResult[] }[] = [];
beforeAll(async () => {
  for (const { name, recipe } of images) judged.push({ name, results: await judgeRecipe(recipe) });
}, 120_000);

const unmet = (results: readonly CriterionResult[]) =>
  results.filter(({ outcome }) => !isMet(outcome));

describe('levels and grades of the labelled images', () => {
  test('the hardened image has every point and the highest level', async () => {
    const results = await judgeRecipe(HARDENED);
    expect(scoreOf(results)).toEqual({ points: 23, total: 23, grade: 'A+' });
    expect(levelOf(results)).toBe(5);
    expect(Object.values(vectorScores(results)).map(({ grade }) => grade)).toEqual([
      'A+',
      'A+',
      'A+',
      'A+',
    ]);
  });

  test('points are what is met; vectors add up to the whole; nothing unknown or failed earns one', () => {
    for (const { name, results } of judged) {
      const { points, total } = scoreOf(results);
      const vectors = Object.values(vectorScores(results));
      expect(points, name).toBe(total - unmet(results).length);
      expect(
        vectors.reduce((sum, vector) => sum + vector.points, 0),
        name,
      ).toBe(points);
      expect(
        vectors.reduce((sum, vector) => sum + vector.total, 0),
        name,
      ).toBe(total);
    }
  });

  test('the level is below the lowest criterion that is not met, unknown ones too', () => {
    for (const { name, results } of judged) {
      const levels = unmet(results).map(({ level }) => level);
      expect(levelOf(results), name).toBe(levels.length === 0 ? 5 : Math.min(...levels) - 1);
    }
  });

  test('one criterion less is one point less and never a higher level, of any vector', () => {
    for (const { name, results } of judged.filter((_image, index) => index % 10 === 0))
      for (const lost of results.filter(({ outcome }) => isMet(outcome))) {
        const less = results.map((one) =>
          one.id === lost.id ? { ...one, outcome: 'unknown' as const } : one,
        );
        expect(scoreOf(less).points, name).toBe(scoreOf(results).points - 1);
        expect(levelOf(less), name).toBeLessThanOrEqual(Math.min(levelOf(results), lost.level - 1));
        for (const vector of VECTORS.filter((v) => v !== lost.vector))
          expect(vectorScores(less)[vector]).toEqual(vectorScores(results)[vector]);
      }
  });

  test('suggestions are made for what is not met, and gain what they say', () => {
    for (const { name, results } of judged) {
      const card = cardOf([results]);
      const suggested = new Set(card.suggestions.map(({ criterion }) => criterion));
      const ids = new Set(unmet(results).map(({ id }) => id));
      expect(
        [...suggested].filter((id) => !ids.has(id)),
        name,
      ).toEqual([]);
      for (const { gains } of card.suggestions) {
        expect(gains.points, name).toBe(1);
        expect(gains.level, name).toBeGreaterThanOrEqual(card.level);
      }
    }
  });

  test('an image of several platforms is its worst one', () => {
    for (let index = 1; index < judged.length; index += 7) {
      const pair = [judged[index - 1]?.results ?? [], judged[index]?.results ?? []];
      const card = cardOf(pair);
      expect(card.level).toBe(Math.min(...pair.map(levelOf)));
      expect(cardOf(pair.toReversed()).overall).toEqual(card.overall);
    }
  });
});

function cardOf(platforms: readonly (readonly CriterionResult[])[]) {
  const [first = [], ...rest] = platforms;
  const platform = (criteria: readonly CriterionResult[], index: number) => ({
    platform: `linux/${String(index)}`,
    digest: digestOf(String(index)),
    criteria,
  });
  return assembleScorecard({
    toolVersion: '0',
    image: 'app',
    digest: digestOf('app'),
    gradedAt: '2026-03-01T12:00:00Z',
    platforms: [platform(first, 0), ...rest.map((criteria, i) => platform(criteria, i + 1))],
  });
}
