import { describe, expect, test } from 'vitest';
import { suggest } from '../../src/criteria/score.ts';
import { results } from './results.ts';

describe('suggest', () => {
  test('nothing where all is met', () => {
    expect(suggest(results('pass', { sbom: 'not-applicable' }))).toEqual([]);
  });

  test('says what the image has after the change', () => {
    expect(suggest(results('pass', { 'no-shell': 'fail' }))).toEqual([
      {
        criterion: 'no-shell',
        title: 'Use a final stage without a shell',
        detail: expect.stringContaining('final stage') as string,
        example: 'FROM gcr.io/distroless/static-debian12:nonroot',
        cost: 'a hand edit',
        gains: { points: 1, grade: 'A+', level: 5 },
      },
    ]);
  });

  test('the lower level comes first, then what is cheaper', () => {
    const order = suggest(
      results('pass', {
        'nonroot-user': 'fail',
        'recently-updated': 'fail',
        'no-shell': 'fail',
        sbom: 'fail',
        reproducible: 'unknown',
      }),
    );
    expect(order.map(({ criterion, cost, gains }) => [criterion, cost, gains.level])).toEqual([
      ['recently-updated', 'a build', 1],
      ['nonroot-user', 'a hand edit', 1],
      ['no-shell', 'a hand edit', 1],
      ['sbom', 'seconds', 1],
      ['reproducible', 'two builds', 1],
    ]);
  });

  test('an unknown is checked first', () => {
    const list = results('pass', { signed: 'unknown' }).map((one) =>
      one.id === 'signed' ? { ...one, settle: 'scoville grade --key k.pub' } : one,
    );
    expect(suggest(list)[0]).toMatchObject({
      title: 'Check “Image signed”',
      example: 'scoville grade --key k.pub',
      detail: 'signed is unknown. If it then fails: Sign the image.',
    });
  });
});
