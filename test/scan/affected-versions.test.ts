import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { affectedVersions, isAffected } from '../../src/scan/advisories.ts';
import { VERSION_ORDERS } from '../../src/scan/versions.ts';
import { yamlTable } from '../fakes/table.ts';

const npm = VERSION_ORDERS.npm;

/** A range's events as `introduced 0`, or what else an advisory has. */
interface Affected {
  readonly range?: readonly string[];
}
const TABLES = yamlTable('test/scan/affected-versions.yaml') as {
  readonly known: readonly [affected: Affected, version: string, is: boolean][];
  readonly unclear: readonly [affected: Affected, why: string][];
};

function read({ range, ...rest }: Affected): ReturnType<typeof affectedVersions> {
  const events = range?.map((event) => Object.fromEntries([event.split(' ')]) as unknown);
  const ranges = [{ type: 'SEMVER', events }];
  return affectedVersions({ ...rest, ...(events && { ranges }) });
}

describe('which versions an advisory is about', () => {
  test.each(TABLES.known)('%j about %s: %s', (affected, version, is) => {
    const versions = read(affected);
    expect(versions.unclear).toBeUndefined();
    expect(isAffected(version, versions, npm)).toBe(is);
  });

  test.each(TABLES.unclear)('%j is unclear: %s', (affected, why) => {
    expect(read(affected).unclear).toBe(why);
  });

  test('every version is within a range without end, and outside of one that ends where it begins', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.nat(50), (from, length, at) => {
        const text = (n: number): string => `1.${n}.0`;
        const versions = read({
          range: [`introduced ${text(from)}`, `fixed ${text(from + length)}`],
        });
        expect(isAffected(text(at), versions, npm)).toBe(at >= from && at < from + length);
      }),
    );
  });
});
