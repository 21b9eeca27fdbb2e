import { describe, expect, test } from 'vitest';
import { knownPackages } from '../../src/facts/build-facts.ts';
import { digestOf } from '../../src/model/reference.ts';

const layer = digestOf('layer');
const unreadable = (path: string): Parameters<typeof knownPackages>[0] => ({
  packages: [],
  unreadablePackages: [{ location: { path, layer }, reason: 'it ends early' }],
});

describe('knownPackages', () => {
  test.each([
    'var/lib/dpkg/status',
    'var/lib/dpkg/status.d/base',
    'lib/apk/db/installed',
    'usr/lib/sysimage/rpm/rpmdb.sqlite',
  ])('is unknown where %s could not be read', (path) => {
    expect(knownPackages(unreadable(path))).toEqual({
      known: false,
      reason: `${path} could not be read: it ends early`,
    });
  });

  test('a program of its own that could not be read leaves the rest known', () => {
    expect(knownPackages(unreadable('app/lib/some.jar')).known).toBe(true);
  });
});
