import { describe, expect, test } from 'vitest';
import { unknownFact } from '../../src/model/facts.ts';
import { compareScorecards, diffScorecards } from '../../src/report/compare.ts';
import { packageOf, sampleContents, sampleInput } from './sample-contents.ts';
import { sampleScorecard } from './sample-scorecard.ts';

const better = {
  ...sampleScorecard(undefined, 'new'),
  criteria: sampleScorecard().criteria.map((one) =>
    one.id === 'no-shell'
      ? { ...one, outcome: 'pass' as const, summary: 'no shell' }
      : one.id === 'annotations'
        ? { ...one, outcome: 'unknown' as const, summary: 'unread' }
        : one,
  ),
};

describe('compareScorecards', () => {
  test('images as columns with size and packages, where they are known', () => {
    const { images } = compareScorecards([sampleInput(), { scorecard: better }]);
    expect(images).toMatchObject([
      { image: 'registry.example.com/app:1', level: 0, size: 4000, packages: 2 },
      { image: 'new', overall: { points: 8, total: 23 } },
    ]);
    expect(images[1]).not.toHaveProperty('size');
  });

  test('a criterion is a row with an outcome each; what one image was not held against is left open', () => {
    const fewer = { ...better, criteria: better.criteria.filter(({ id }) => id !== 'signed') };
    const { criteria } = compareScorecards([{ scorecard: fewer }, sampleInput()]);
    expect(criteria).toHaveLength(23);
    expect(criteria.find(({ id }) => id === 'no-shell')?.outcomes).toEqual(['pass', 'fail']);
    expect(criteria.find(({ id }) => id === 'signed')?.outcomes).toEqual([undefined, 'fail']);
  });

  test('one unknown platform makes the sum unknown', () => {
    const known = sampleContents();
    const facts = { ...known.facts, packages: unknownFact('not read') };
    const contents = [known, { ...known, facts }];
    const [image] = compareScorecards([{ scorecard: better, contents }]).images;
    expect(image).toMatchObject({ size: 8000 });
    expect(image).not.toHaveProperty('packages');
  });
});

describe('diffScorecards', () => {
  test('names the criteria that came out otherwise, with the point won or lost', () => {
    const { criteria } = diffScorecards({ scorecard: sampleScorecard() }, { scorecard: better });
    const shown = criteria.map(({ id, before, after, gain, summary }) => [
      id,
      before,
      after,
      gain,
      summary,
    ]);
    expect(shown).toContainEqual(['no-shell', 'fail', 'pass', 1, 'no shell']);
    expect(shown).toHaveLength(2);
    expect(shown[1]?.slice(0, 3)).toEqual(['annotations', 'fail', 'unknown']);
    expect(shown[1]?.[3]).toBe(0);
  });

  test('the other way round the point is lost, and what is no longer judged is said', () => {
    const fewer = {
      ...sampleScorecard(),
      criteria: sampleScorecard().criteria.filter(({ id }) => id !== 'minimal-base'),
    };
    const { criteria } = diffScorecards({ scorecard: better }, { scorecard: fewer });
    expect(criteria.find(({ id }) => id === 'no-shell')?.gain).toBe(-1);
    expect(criteria.find(({ id }) => id === 'minimal-base')).toMatchObject({
      after: undefined,
      summary: 'no longer judged',
    });
  });

  test('packages by type and name, over all platforms', () => {
    const before = sampleInput({
      packages: [
        packageOf('gone', '1'),
        packageOf('same', '1'),
        packageOf('up', '1'),
        packageOf('up', '2'),
      ],
    });
    const after = sampleInput({
      packages: [
        packageOf('up', '2'),
        packageOf('up', '3'),
        packageOf('same', '1'),
        packageOf('come', '1'),
      ],
    });
    expect(diffScorecards(before, after).packages).toEqual({
      added: [{ type: 'npm', name: 'come', before: [], after: ['1'] }],
      removed: [{ type: 'npm', name: 'gone', before: ['1'], after: [] }],
      changed: [{ type: 'npm', name: 'up', before: ['1', '2'], after: ['2', '3'] }],
    });
  });

  test('packages that one side does not know are not compared: nothing is called removed', () => {
    expect(diffScorecards(sampleInput(), { scorecard: better })).not.toHaveProperty('packages');
  });
});
