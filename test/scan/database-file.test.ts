import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  advisoryParts,
  AdvisoryWriter,
  DamagedDatabase,
  databaseEntries,
  databaseMeta,
  packageKey,
} from '../../src/scan/advisories.ts';
import { advisory, affects } from '../fakes/made-export.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'scoville-index-test-'));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

function written(records: readonly unknown[], ecosystem = 'npm'): string {
  const writer = new AdvisoryWriter();
  for (const record of records) {
    const parts = advisoryParts(record, ecosystem);
    if (!parts.ok) throw new Error(parts.error);
    writer.add(parts.value);
  }
  const [date, fetched] = ['2026-11-20T00:00:00Z', '2026-11-21T00:00:00Z'];
  const file = join(home, 'db');
  writeFileSync(file, Buffer.concat(writer.end({ ecosystem, from: '/f', date, fetched }).pieces));
  return file;
}

function ids(file: string, name: string, release = 'npm'): readonly string[] {
  const key = packageKey(release, name);
  const entries = databaseEntries(file, databaseMeta(file), new Set([key])).get(key) ?? [];
  return entries.map(({ record }) => record.id);
}

const record = (id: string, name: string): unknown =>
  advisory(id, { affected: [affects('npm', name, [{ introduced: '0' }])] });

test('what is written for each package is read for it, and nothing for others', () => {
  const names = fc.array(fc.constantFrom('a', 'b', 'c', '@s/a', 'constructor', '__proto__'), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(names, (list) => {
      const file = written(list.map((name, i) => record(`X-${i}`, name)));
      for (const name of ['a', 'b', 'c', '@s/a', 'constructor', '__proto__', 'none'])
        expect(ids(file, name)).toEqual(list.flatMap((one, i) => (one === name ? [`X-${i}`] : [])));
    }),
    { numRuns: 30 },
  );
});

test('a changed byte is found where it is read, never a package without advisories', () => {
  const list = Array.from({ length: 20 }, (_, i) => record(`X-${i}`, `package-${i % 7}`));
  const file = written(list);
  const bytes = readFileSync(file);
  const whole = ids(file, 'package-3');
  expect(whole).toEqual(['X-3', 'X-10', 'X-17']);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const other = Buffer.from(bytes);
      other[at] = (other[at] ?? 0) ^ flip;
      const damaged = join(home, 'damaged');
      writeFileSync(damaged, other);
      try {
        expect(ids(damaged, 'package-3')).toEqual(whole);
      } catch (error) {
        expect(error).toBeInstanceOf(DamagedDatabase);
      }
    }),
    { numRuns: 500 },
  );
});

test('a file that is cut off anywhere, or zeros, is not a database', () => {
  const file = written([record('X-1', 'a')]);
  const bytes = readFileSync(file);
  for (let length = 0; length < bytes.length; length += 41) {
    writeFileSync(file, bytes.subarray(0, length));
    expect(() => ids(file, 'a')).toThrow(DamagedDatabase);
  }
  writeFileSync(file, Buffer.alloc(bytes.length));
  expect(() => ids(file, 'a')).toThrow(DamagedDatabase);
});

test('releases are told apart, Ubuntu with and without LTS is one, and other ecosystems are left out', () => {
  const file = written(
    [
      advisory('UBUNTU-CVE-2026-1', {
        affected: [
          affects('Ubuntu:24.04:LTS', 'curl', [{ introduced: '0' }]),
          affects('Ubuntu:22.04:LTS', 'zlib', [{ introduced: '0' }]),
          affects('Debian:13', 'curl', [{ introduced: '0' }]),
        ],
      }),
    ],
    'Ubuntu',
  );
  expect(ids(file, 'curl', 'Ubuntu:24.04')).toEqual(['UBUNTU-CVE-2026-1']);
  expect(ids(file, 'curl', 'Ubuntu:22.04')).toEqual([]);
  expect(ids(file, 'curl', 'Debian:13')).toEqual([]);
  expect(databaseMeta(file)).toMatchObject({
    ecosystem: 'Ubuntu',
    records: 1,
    entries: 2,
    releases: ['Ubuntu:22.04', 'Ubuntu:24.04'],
  });
});

test.each<[unknown, string]>([
  [[], 'has no id of an advisory'],
  [{ id: '../x' }, 'has no id of an advisory'],
  [{ id: 'X-1', affected: {} }, 'is not a record of OSV'],
  [
    advisory('X-1', { affected: [{ package: { name: 'a' } }] }),
    'names a package in another way than OSV does',
  ],
  [
    advisory('X-1', { affected: [affects('PyPI', 'a', [{ introduced: '0' }])] }),
    'is not about npm',
  ],
])('%j %s', (value, error) => {
  expect(advisoryParts(value, 'npm')).toEqual({ ok: false, error });
});

test('a withdrawn record has no entries, whatever it says', () => {
  const withdrawn = advisory('X-1', {
    withdrawn: '2026-01-01T00:00:00Z',
    affected: [affects('npm', 'a', [{ introduced: '0' }])],
  });
  expect(advisoryParts(withdrawn, 'npm')).toMatchObject({ ok: true, value: { entries: [] } });
});
