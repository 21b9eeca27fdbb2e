import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRpmDatabase } from '../../src/facts/packages/distributions.ts';
import { packageCollector } from '../../src/facts/packages/package-collector.ts';
import { fieldsOf } from '../../src/image/formats/sqlite.ts';
import { cpuMs } from '../cpu-time.ts';
import { damaged, edit } from '../fuzz/damage.ts';
import { buildInfo, dependencyList, MODULES, program } from './program-sample.ts';
import { entryOf } from './support.ts';
import { zip } from './zip-sample.ts';

const database = (name: string): Buffer =>
  gunzipSync(readFileSync(`${import.meta.dirname}/../fixtures/rpm/${name}.gz`));

const PROPERTIES = 'groupId=g\nartifactId=a\nversion=1\n';
const INNER = zip([{ name: 'META-INF/maven/g/a/pom.properties', content: PROPERTIES }]);
const PURE = 'Metadata-Version: 2.1\nName: a\nVersion: 1\nLicense-Expression: MIT\n\ntext\n';

/** A record of each kind, at a place where it counts. */
const SEEDS: readonly (readonly [path: string, content: Buffer])[] = [
  ['var/lib/rpm/rpmdb.sqlite', database('rpmdb.sqlite')],
  ['var/lib/rpm/Packages.db', database('Packages.db')],
  ['var/lib/rpm/Packages', database('Packages-1234')],
  ['usr/share/rpm/Packages', database('Packages-4321')],
  ...Object.entries({
    'lib/apk/db/installed': 'P:a\nV:1-r0\nA:x86_64\nL:MIT\no:b\nF:usr/bin\nR:a\nZ:Q1\n\nP:c\nV:2\n',
    'var/lib/dpkg/status':
      'Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nSource: b (2)\nDescription: x\n more\n',
    'var/lib/dpkg/info/a.list': '/.\n/usr\n/usr/bin/a\n',
    'var/lib/dpkg/status.d/a.md5sums': `${'0'.repeat(32)}  usr/bin/a\n`,
    'usr/share/doc/a/copyright': 'Format: x\n\nFiles: *\nLicense: MIT\n text\n',
    'a/node_modules/b/package.json': '{"name":"b","version":"1","license":"MIT"}',
    'usr/lib/python3/a-1.dist-info/METADATA': PURE,
    'gems/specifications/a-1.gemspec':
      '# stub: a 1 ruby lib\ns.name = "a"\ns.version = "1"\ns.licenses = ["MIT"]\n',
    'vendor/composer/installed.json':
      '{"packages":[{"name":"a/b","version":"1","license":["MIT"]}]}',
    'app/a.deps.json': '{"libraries":{"A/1.0":{"type":"package"}}}',
  }).map(([path, text]) => [path, Buffer.from(text)] as const),
  [
    'app/a.jar',
    zip([
      { name: 'META-INF/MANIFEST.MF', content: 'Bundle-License: MIT\n' },
      { name: 'META-INF/maven/g/a/pom.properties', content: PROPERTIES, descriptor: true },
      { name: 'lib/inner.jar', content: INNER, stored: true },
      { name: 'lib/zip64.jar', content: INNER, zip64: true },
    ]),
  ],
  ['usr/bin/go', program(40_000, { 0x4000: buildInfo('go1.22.1', MODULES) })],
  [
    'usr/bin/rust',
    program(40_000, {
      0x4000: dependencyList({ packages: [{ name: 'a', version: '1', source: 'registry' }] }),
    }),
  ],
];

function collected(path: string, content: Uint8Array, piece = content.length) {
  const collector = packageCollector();
  const entry = entryOf({ path, content, mode: 0o755 });
  const wish = collector.wants(entry);
  if (wish.want === 'stream')
    for (let at = 0; at < content.length; at += piece)
      collector.chunk?.(content.subarray(at, at + piece));
  if (wish.want !== 'none') collector.visit(entry, content, false);
  return collector.finish();
}

describe('a record, and whatever is made of it, gives packages or says what was not read', () => {
  test.each(SEEDS)('%s', (path, seed) => {
    const whole = collected(path, seed);
    expect(whole.unreadable.map(({ reason }) => reason)).toEqual(
      path.endsWith('.md5sums')
        ? ['it lists files of a package whose version is not recorded']
        : [],
    );
    fc.assert(
      fc.property(
        fc.array(edit, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 70_000 }),
        (edits, piece) => {
          const bytes = damaged(seed, edits);
          const { packages, unreadable } = collected(path, bytes, piece);
          const found = packages.flatMap((record) => record.packages);
          // An entry takes bytes of its own; a gem's may be told by its path alone.
          expect(found.length).toBeLessThanOrEqual(1 + bytes.length / 4);
          for (const { name, version } of found) {
            expect(name).not.toMatch(/^$|[\u0000-\u001f]/);
            expect(version).not.toMatch(/[\u0000-\u001f]/);
          }
          expect(unreadable.every(({ reason }) => reason !== '')).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  test.each(SEEDS)('%s of arbitrary bytes', (path) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40_000, size: 'max' }), (bytes) => {
        expect(collected(path, bytes).packages.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 20 },
    );
  });
});

/** A header blob of rpm: strings by tag, each with how many they are. */
function rpmHeader(
  fields: Readonly<Record<number, readonly [text: string, count: number]>>,
): Buffer {
  const data: Buffer[] = [];
  let at = 0;
  const entries = Object.entries(fields).map(([tag, [text, count]]) => {
    const bytes = Buffer.from(`${text}\0`);
    data.push(bytes);
    const entry = Buffer.alloc(16);
    for (const [i, value] of [Number(tag), count === 1 ? 6 : 8, at, count].entries())
      entry.writeUInt32BE(value, 4 * i);
    at += bytes.length;
    return entry;
  });
  const head = Buffer.alloc(8);
  head.writeUInt32BE(entries.length, 0);
  head.writeUInt32BE(at, 4);
  return Buffer.concat([head, ...entries, ...data]);
}

/** rpm's own database (ndb) with these blobs. */
function ndb(blobs: readonly Buffer[]): Buffer {
  const slots = Buffer.alloc(4096);
  slots.write('RpmP', 'latin1');
  slots.writeUInt32LE(1, 12);
  for (let at = 32; at < slots.length; at += 16) slots.write('Slot', at, 'latin1');
  let block = 4096 / 16;
  const bodies = blobs.map((blob, i) => {
    const body = Buffer.alloc(Math.ceil((16 + blob.length) / 16) * 16);
    body.write('BlbS', 'latin1');
    body.writeUInt32LE(i + 1, 4);
    body.writeUInt32LE(blob.length, 12);
    body.set(blob, 16);
    slots.writeUInt32LE(i + 1, 32 + 16 * i + 4);
    slots.writeUInt32LE(block, 32 + 16 * i + 8);
    block += body.length / 16;
    return body;
  });
  return Buffer.concat([slots, ...bodies]);
}

describe('records that are made to cost', () => {
  const named = { 1000: ['a', 1], 1001: ['1', 1], 1002: ['1', 1] } as const;

  test('a database of rpm that lists a million files without a name again and again', () => {
    const header = rpmHeader({ ...named, 1117: ['\0'.repeat(999_998), 999_999] });
    const { owned, unreadable } = readRpmDatabase(ndb([header, header, header]), 'Packages.db');
    expect([...(owned ?? [])].length).toBeLessThanOrEqual(1_000_001);
    expect(unreadable).toBe('it lists more than any system has');
  });

  test('a long folder for each of many files', () => {
    const files = 'R:a\n'.repeat(300_000);
    for (const length of [4000, 4_000_000]) {
      const text = Buffer.from(`P:a\nV:1\nF:usr/lib/${'x'.repeat(length)}\n${files}`);
      let found: ReturnType<typeof collected> | undefined;
      expect(
        cpuMs(() => {
          found = collected('lib/apk/db/installed', text);
        }),
      ).toBeLessThan(2000);
      expect(found?.packages[0]?.packages[0]?.name).toBe('a');
      expect(found?.unreadable.map(({ reason }) => reason)).toEqual(
        length === 4000 ? ['the packages of its layer list more files than are read'] : [],
      );
    }
  });

  test('cells of SQLite that are one and the same', () => {
    const bytes = database('rpmdb.sqlite');
    const size = bytes.readUInt16BE(16);
    for (let page = 1; page < bytes.length / size; page += 1) {
      const at = page * size;
      if (bytes[at] !== 13) continue;
      const count = Math.floor((size - 8) / 2);
      bytes.writeUInt16BE(count, at + 3);
      const cell = bytes.readUInt16BE(at + 8);
      for (let i = 1; i < count; i += 1) bytes.writeUInt16BE(cell, at + 8 + 2 * i);
    }
    expect(readRpmDatabase(bytes, 'rpmdb.sqlite').unreadable).toBe('its cells lie in each other');
  });

  test('a column of a type that SQLite keeps for later', () => {
    expect(() => fieldsOf(Buffer.from([2, 10]))).toThrow('a column has a reserved type');
  });

  test('names cut out of large texts do not keep the texts', () => {
    const item = {
      name: 'META-INF/maven/g/a/pom.properties',
      content: `groupId=com.example.application\nartifactId=application\nversion=1\n#${'x'.repeat(65_000)}`,
    };
    const before = process.memoryUsage().heapUsed;
    const { packages } = collected('a.jar', zip(Array.from({ length: 2000 }, () => item)));
    const held = process.memoryUsage().heapUsed - before;
    expect(packages[0]?.packages.length).toBe(2000);
    // All texts together take 130 MB.
    expect(held).toBeLessThan(100 * 1024 * 1024);
  });
});
