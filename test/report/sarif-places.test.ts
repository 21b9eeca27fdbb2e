import { describe, expect, test } from 'vitest';
import type { CriterionResult, Evidence } from '../../src/model/criterion.ts';
import { placesOf } from '../../src/report/sarif.ts';

function places(outcome: CriterionResult['outcome'], evidence: readonly Evidence[]): unknown[] {
  const result: CriterionResult = {
    id: 'pinned-images',
    title: 'Images pinned to digests',
    vector: 'provenance',
    level: 3,
    outcome,
    summary: 'no digest',
    source: 'dockerfile',
    evidence,
    remedies: [],
  };
  return placesOf(result, { image: 'example.com/app', dockerfile: 'app/Dockerfile' }).map(
    ({ location: { physicalLocation: at }, text }) => [
      at.artifactLocation.uri,
      at.region?.startLine,
      text,
    ],
  );
}

describe('the place of an image', () => {
  const debian = { kind: 'image', reference: 'debian', line: 6, state: 'loose' } as const;
  const alpine = { kind: 'image', reference: 'alpine', line: 1, state: 'held' } as const;

  test('is the line of the Dockerfile that names it; in a failing result those that fail it', () => {
    expect(places('fail', [alpine, debian])).toEqual([['app/Dockerfile', 6, 'debian']]);
  });

  test('is the image as a whole where no line names it', () => {
    expect(places('fail', [{ kind: 'image', reference: 'debian' }])).toEqual([
      ['example.com/app', undefined, 'debian'],
    ]);
    expect(places('fail', [{ ...debian, line: 0 }])).toEqual([
      ['example.com/app', undefined, 'debian'],
    ]);
  });

  test('lines that are held are no place of a failing result, nor is what none judged apart left out', () => {
    const line = { kind: 'dockerfile', startLine: 3, endLine: 3 } as const;
    expect(
      places('fail', [
        { ...line, text: 'apt-get install a=1', state: 'held' },
        { ...line, startLine: 4, endLine: 5, text: 'apt-get install b', state: 'loose' },
      ]),
    ).toEqual([['app/Dockerfile', 4, 'lines 4-5: apt-get install b']]);
    expect(
      places('fail', [
        { ...line, text: 'x' },
        { ...line, text: 'y' },
      ]),
    ).toHaveLength(2);
  });
});
