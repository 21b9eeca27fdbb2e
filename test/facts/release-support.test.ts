import { describe, expect, test } from 'vitest';
import { DISTRIBUTIONS, RELEASE_DATA_DATE, releaseSupport } from '../../src/facts/distribution.ts';

const NOW = Date.parse('2026-11-27');
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
  test.each([
    ['alpine', '3.6.5', 'ended'],
    ['alpine', '3.21.4', 'ended'],
    ['alpine', '3.22.1', 'supported'],
    ['alpine', '2.7.9', 'ended'],
    ['alpine', '3.25.0_alpha20261101', 'newer'],
    ['debian', '11', 'ended'],
    ['debian', '12', 'supported'],
    ['debian', '6.0', 'ended'],
    ['debian', '14', 'newer'],
    ['ubuntu', '20.04', 'ended'],
    ['ubuntu', '22.04', 'supported'],
    ['ubuntu', '22.07', 'unclear'],
    ['ubuntu', '26.10', 'newer'],
    ['rhel', '8.10', 'supported'],
    ['rhel', '7.9', 'ended'],
    ['centos', '7', 'ended'],
    ['centos', '8', 'ended'],
    ['centos', '9', 'supported'],
    ['rocky', '9.4', 'supported'],
    ['almalinux', '10.0', 'supported'],
    ['ol', '7.9', 'ended'],
    ['ol', '10.0', 'supported'],
    ['fedora', '42', 'ended'],
    ['fedora', '43', 'supported'],
    ['amzn', '2', 'ended'],
    ['amzn', '2018.03', 'ended'],
    ['amzn', '2023', 'supported'],
    ['sles', '15', 'ended'],
    ['sles', '15.7', 'supported'],
    ['opensuse-leap', '15.6', 'ended'],
    ['opensuse', '42.3', 'ended'],
    ['photon', '5.0', 'supported'],
    ['mariner', '2.0.20240123', 'ended'],
    ['azurelinux', '3.0.20250402', 'supported'],
    ['wolfi', '20230201', 'rolling'],
    ['opensuse-tumbleweed', '20260101', 'rolling'],
    ['slackware', '15.0', 'unlisted'],
    ['constructor', '1', 'unlisted'],
  ])('%s %s: %s', (id, version, state) => {
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
