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
        gains: { points: 1, grade: 'A+', level: 5 },
      },
    ]);
  });

  test('what completes the next level comes first, then the lower level', () => {
    const order = suggest(
      results('pass', {
        'nonroot-user': 'fail',
        'no-shell': 'fail',
        sbom: 'fail',
        reproducible: 'unknown',
      }),
    );
    expect(order.map(({ criterion, gains }) => [criterion, gains.level])).toEqual([
      ['nonroot-user', 2],
      ['no-shell', 1],
      ['sbom', 1],
      ['reproducible', 1],
    ]);
  });

  test('on one level, what lifts the overall grade or its vector comes before what does not', () => {
    const order = suggest(
      results('fail', { 'minimal-base': 'pass', 'trusted-source': 'pass', 'no-secrets': 'pass' }),
    );
    // 2 of 4 lift minimalism and vulnerabilities from D; one more of nine or six lifts neither of
    // the others.
    expect(order.slice(0, 2).map(({ criterion }) => criterion)).toEqual([
      'no-build-tooling',
      'verified-downloads',
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
