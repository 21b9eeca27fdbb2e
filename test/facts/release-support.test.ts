import { describe, expect, test } from 'vitest';
import { DISTRIBUTIONS, RELEASE_DATA_DATE, releaseSupport } from '../../src/facts/distribution.ts';
import { tableRows } from '../fakes/table.ts';

const NOW = Date.parse('2026-11-27');
const ROWS = tableRows('test/facts/release-support.tsv');
const stateOf = (id: string, versionId?: string, versionCodename?: string): string =>
  releaseSupport(
    {
      id,
      ...(versionId === undefined ? {} : { versionId }),
      ...(versionCodename === undefined ? {} : { versionCodename }),
    },
    NOW,
  ).state;

describe('support of a release', () => {
  test.each(ROWS)('%s %s: %s', (id, version, state) => {
    expect(stateOf(id, version)).toBe(state);
  });

  test('without a number', () => {
    expect([
      stateOf('debian', undefined, 'trixie'),
      stateOf('debian', undefined, 'bullseye'),
      stateOf('debian'),
      stateOf('alpine'),
      stateOf('alpine', 'edge'),
    ]).toEqual(['supported', 'unclear', 'unclear', 'unclear', 'unclear']);
  });

  test('lasts through its last day', () => {
    const at = (time: string) =>
      releaseSupport({ id: 'alpine', versionId: '3.22.0' }, Date.parse(time)).state;
    expect([at('2027-05-01T23:59:59Z'), at('2027-05-02T00:00:00Z')]).toEqual([
      'supported',
      'ended',
    ]);
  });

  test('says since when', () => {
    expect(releaseSupport({ id: 'alpine', versionId: '3.6.5' }, NOW)).toEqual({
      state: 'ended',
      text: 'Alpine 3.6 has had no security updates since 2019-05-01',
    });
  });
});

test('the data: real days, releases from old to new', () => {
  expect(RELEASE_DATA_DATE).toMatch(/^\d{4}-\d\d-\d\d$/);
  for (const [id, { ends, parts }] of Object.entries(DISTRIBUTIONS)) {
    const releases = [...ends.keys()];
    const sorted = releases.toSorted((a, b) =>
      a.localeCompare(b, 'en', { numeric: true, sensitivity: 'base' }),
    );
    expect([id, releases]).toEqual([id, sorted]);
    for (const [release, end] of ends) {
      expect(release).toMatch(parts === 1 ? /^\d+$/ : /^\d+\.\d+$/);
      if (end !== undefined) expect(new Date(end).toISOString().slice(0, 10)).toBe(end);
    }
  }
});
