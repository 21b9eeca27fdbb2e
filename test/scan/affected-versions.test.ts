import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { affectedVersions, isAffected } from '../../src/scan/advisories.ts';
import { VERSION_ORDERS } from '../../src/scan/versions.ts';

const npm = VERSION_ORDERS.npm;

function range(...events: readonly Readonly<Record<string, string>>[]) {
  return { ranges: [{ type: 'SEMVER', events }] };
}

describe('which versions an advisory is about', () => {
  test.each<[unknown, string, boolean]>([
    [range({ introduced: '0' }, { fixed: '1.2.0' }), '1.1.9', true],
    [range({ introduced: '0' }, { fixed: '1.2.0' }), '1.2.0', false],
    [range({ introduced: '0' }, { fixed: '1.2.0' }), '1.2.0-rc.1', true],
    [range({ introduced: '0' }), '99.0.0', true],
    [range({ introduced: '1.0.0' }, { last_affected: '1.2.0' }), '0.9.0', false],
    [range({ introduced: '1.0.0' }, { last_affected: '1.2.0' }), '1.2.0', true],
    [range({ introduced: '1.0.0' }, { last_affected: '1.2.0' }), '1.2.1', false],
    // Events come in any order, and a range may begin again.
    [
      range(
        { fixed: '2.1.0' },
        { introduced: '2.0.0' },
        { fixed: '1.5.0' },
        { introduced: '1.0.0' },
      ),
      '1.6.0',
      false,
    ],
    [
      range(
        { fixed: '2.1.0' },
        { introduced: '2.0.0' },
        { fixed: '1.5.0' },
        { introduced: '1.0.0' },
      ),
      '2.0.5',
      true,
    ],
    // Fixed and introduced by one version: never there, or never gone.
    [range({ introduced: '0' }, { fixed: '0' }), '1.0.0', false],
    [range({ introduced: '1.0.0' }, { fixed: '1.0.0' }), '1.0.0', false],
    [range({ introduced: '0' }, { fixed: '1.0.0' }, { introduced: '1.0.0' }), '1.1.0', true],
    // Limits: below any one of them.
    [range({ introduced: '0' }, { limit: '2.0.0' }), '1.9.0', true],
    [range({ introduced: '0' }, { limit: '2.0.0' }), '2.0.0', false],
    [range({ introduced: '0' }, { limit: '2.0.0' }, { limit: '*' }), '3.0.0', true],
    // Two ranges, and versions that are listed.
    [
      {
        ranges: [
          ...range({ introduced: '1.0.0' }, { fixed: '1.1.0' }).ranges,
          ...range({ introduced: '2.0.0' }).ranges,
        ],
      },
      '2.5.0',
      true,
    ],
    [{ versions: ['1.0.0', '1.0.1'] }, '1.0.1', true],
    [{ versions: ['1.0.0', 'v1.0.2'] }, '1.0.2', true],
    [{ versions: ['1.0.0'] }, '1.0.2', false],
    [{ versions: ['0.1.0'], ...range({ introduced: '1.0.0' }, { fixed: '1.1.0' }) }, '0.1.0', true],
    [
      { versions: ['1.0.0'], ranges: [{ type: 'GIT', events: [{ introduced: '0' }] }] },
      '2.0.0',
      false,
    ],
    // Malicious packages: all of them.
    [{}, '1.0.0', true],
  ])('%j about %s: %s', (affected, version, is) => {
    const read = affectedVersions(affected);
    expect(read.unclear).toBeUndefined();
    expect(isAffected(version, read, npm)).toBe(is);
  });

  test.each<[unknown, string]>([
    [
      { ranges: [{ type: 'FUTURE', events: [{ introduced: '0' }] }] },
      'a range of it cannot be read',
    ],
    [range({ introduced: '0' }, { withdrawn: '1' }), 'a range of it cannot be read'],
    [range({ fixed: '1.0.0' }), 'a range of it cannot be read'],
    [{ ranges: [{ type: 'SEMVER' }] }, 'a range of it cannot be read'],
    [{ versions: [1] }, 'its versions are not a list of texts'],
    [
      { ranges: [{ type: 'GIT', events: [{ introduced: '0' }] }] },
      'it names commits and no versions',
    ],
  ])('%j is unclear: %s', (affected, why) => {
    expect(affectedVersions(affected).unclear).toBe(why);
  });

  test('every version is within a range without end, and outside of one that ends where it begins', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.nat(50), (from, length, at) => {
        const text = (n: number): string => `1.${n}.0`;
        const read = affectedVersions(
          range({ introduced: text(from) }, { fixed: text(from + length) }),
        );
        expect(isAffected(text(at), read, npm)).toBe(at >= from && at < from + length);
      }),
    );
  });
});
