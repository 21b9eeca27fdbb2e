import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nearestFix, onePerCve, type Report } from '../../src/scan/severity.ts';

function report(id: string, given: Partial<Report> = {}): Report {
  return { id, severity: 'low', weight: 0, package: 'p', version: '1', ...given };
}

function counted(...reports: readonly Report[]): readonly string[] {
  return onePerCve(reports).map(({ id, severity }) => `${id} ${severity}`);
}

describe('names', () => {
  test('aliases are transitive, and the CVE is the name', () => {
    expect(
      counted(
        report('PYSEC-2025-1', { aliases: ['GHSA-a'] }),
        report('GHSA-a', { aliases: ['CVE-2025-1000'] }),
        report('GO-2025-1', { aliases: ['GHSA-b'] }),
      ),
    ).toEqual(['CVE-2025-1000 low', 'GHSA-b low']);
  });

  test('an advisory is its CVEs, and makes them no aliases of each other', () => {
    const [first, second] = onePerCve([
      report('RHSA-2025:1', { aliases: ['CVE-2025-1000', 'CVE-2025-2000', 'RHBA-1'] }),
    ]);
    expect([first, second]).toMatchObject([
      { id: 'CVE-2025-1000', aliases: ['RHSA-2025:1'] },
      { id: 'CVE-2025-2000', aliases: ['RHSA-2025:1'] },
    ]);
  });
});

describe('of several reports', () => {
  const cve = 'CVE-2025-1000';

  test.each([
    [
      'the distribution’s word before a worse score',
      { severity: 'low', weight: 2 },
      { severity: 'critical', weight: 0 },
      'low',
    ],
    [
      'a word before silence, however weighty',
      { severity: 'high', weight: 0 },
      { severity: 'unknown', weight: 2 },
      'high',
    ],
    [
      'the worse of equals',
      { severity: 'medium', weight: 1 },
      { severity: 'high', weight: 1 },
      'high',
    ],
  ] as const)('%s', (_, a, b, severity) => {
    expect(counted(report(cve, a), report(cve, b))).toEqual([`${cve} ${severity}`]);
    expect(counted(report(cve, b), report(cve, a))).toEqual([`${cve} ${severity}`]);
  });

  test('all fixes are kept', () => {
    const [one] = onePerCve([
      report(cve, { fixedIn: '1.3', severity: 'high' }),
      report(cve, { fixedIn: '1.2' }),
    ]);
    expect(one).toMatchObject({ fixedIn: '1.3', fixedVersions: ['1.2', '1.3'] });
  });
});

test('the order of reports makes no difference, and every one is counted', () => {
  const names = fc.constantFrom(
    'CVE-2025-1000',
    'CVE-2025-2000',
    'GHSA-a',
    'GHSA-b',
    'DSA-1',
    'PYSEC-1',
    'x',
  );
  const some = fc.record({
    id: names,
    aliases: fc.array(names, { maxLength: 3 }),
    severity: fc.constantFrom('critical', 'low', 'unknown' as const),
    weight: fc.constantFrom(0, 1, 2 as const),
    package: fc.constantFrom('p', 'q'),
    version: fc.constant('1'),
    path: fc.constantFrom('a', 'b'),
  });
  const reports = fc.array(some, { maxLength: 8 });
  fc.assert(
    fc.property(reports, fc.gen(), (list, gen) => {
      const shuffled = [...list];
      for (let i = shuffled.length - 1; i > 0; i--) {
        const j = gen(fc.nat, { max: i });
        const [a, b] = [shuffled[i], shuffled[j]];
        if (a !== undefined && b !== undefined) [shuffled[i], shuffled[j]] = [b, a];
      }
      const all = onePerCve(list);
      expect(onePerCve(shuffled)).toEqual(all);
      const known = new Set(all.flatMap(({ id, aliases = [] }) => [id, ...aliases]));
      expect(list.filter(({ id }) => !known.has(id))).toEqual([]);
    }),
  );
});

test.each([
  ['1.4', ['1.2.1', '1.4.2', '2.0.1'], '1.4.2'],
  ['1.0', ['2.0.1', '1.0.9'], '1.0.9'],
  ['3.0', ['1.0', '2.0'], '1.0'],
  ['1', ['9'], '9'],
  ['1', [], undefined],
  ['1:3.0.7-27.el9', ['1:3.0.7-28.el9', '1:4.0'], '1:3.0.7-28.el9'],
])('from %s, of %j one goes to %s', (installed, fixed, nearest) => {
  expect(nearestFix(installed, fixed)).toBe(nearest);
});

test.each([
  ['npm', '2.0.0-rc.1', ['1.9.5', '2.0.0', '3.0.0'], '2.0.0'],
  ['npm', '1.9.0', ['2.0.0', '2.0.0-beta.2', '1.9.1-rc.1', '1.9.1'], '1.9.1-rc.1'],
  ['npm', '1.0.0+build9', ['1.0.0+build1', '1.0.1'], '1.0.1'],
  ['golang', 'v1.2.0-0.20240101-abc', ['1.2.0', '1.3.0'], '1.2.0'],
  ['pypi', '4.2b1', ['4.1.9', '4.2', '5.0'], '4.2'],
  ['pypi', '4.2', ['4.2.post1', '4.3'], '4.2.post1'],
  ['gem', '7.0.0.rc1', ['7.0.0', '7.1.0'], '7.0.0'],
  ['maven', '2.0-M1', ['1.9', '2.0', '2.1'], '2.0'],
  ['deb', '1.2~rc1-1', ['1.1-9', '1.2-1', '1.3-1'], '1.2-1'],
  ['deb', '1:1.0-1', ['2.0-1', '1:1.0-2'], '1:1.0-2'],
  ['deb', '2.41-12', ['2.41-12+deb13u1', '2.42-1'], '2.41-12+deb13u1'],
  ['apk', '1.2.3_rc1-r0', ['1.2.2-r5', '1.2.3-r0', '1.2.4-r0'], '1.2.3-r0'],
])('in %s from %s, of %j one goes to %s', (ecosystem, installed, fixed, nearest) => {
  expect(nearestFix(installed, fixed, ecosystem)).toBe(nearest);
});
