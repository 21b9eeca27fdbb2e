import { describe, expect, test } from 'vitest';
import { JAR } from '../../src/facts/packages/jar.ts';
import { readBudget } from '../../src/facts/packages/package-collector.ts';
import type { RecordContent } from '../../src/facts/packages/record.ts';
import { entryOf, file, image } from './support.ts';
import { zip, type ZipItem } from './zip-sample.ts';

function read(
  bytes: Uint8Array,
  name = 'a.jar',
  piece = 4096,
  budget = readBudget(),
): RecordContent {
  const stream = JAR.start(entryOf(file(name, bytes)), budget);
  for (let at = 0; at < bytes.length; at += piece) stream.push(bytes.subarray(at, at + piece));
  return stream.end();
}

const pom = (artifact: string, version = '1.0', group = 'com.acme'): ZipItem => ({
  name: `META-INF/maven/${group}/${artifact}/pom.properties`,
  content: `#Created\r\ngroupId=${group}\r\nartifactId=${artifact}\nversion = ${version}\n`,
});
const manifest = (text: string): ZipItem => ({ name: 'META-INF/MANIFEST.MF', content: text });
const named = ({ packages }: RecordContent): string[] =>
  packages.map(
    ({ name, version, inside }) => `${name}@${version}${inside === undefined ? '' : ` ${inside}`}`,
  );

const SECTIONS =
  'Implementation-Title: li\r\n b\r\nImplementation-Version: 4.5\r\nImplementation-Vendor-Id: org.x\r\n\r\nName: a/\r\nImplementation-Version: 9\r\n';
const SPRING = 'Implementation-Title: spring-core\nImplementation-Version: 4.3.30\n';
const bundle = (name: string): ZipItem => manifest(`Bundle-SymbolicName: ${name}\n`);

describe('what a jar says of itself', () => {
  test.each<[string, string, readonly ZipItem[], readonly string[]]>([
    ['pom.properties', 'x.jar', [manifest('A: b\n'), pom('a')], ['com.acme:a@1.0']],
    ['several', 'x.jar', [pom('a'), pom('b', '2')], ['com.acme:a@1.0', 'com.acme:b@2']],
    ['its file name', 'foo-bar-1.2.3-beta.jar', [manifest('X: y\n')], ['foo-bar@1.2.3-beta']],
    ['its main section, lines continued', 'lib.jar', [manifest(SECTIONS)], ['org.x:lib@4.5']],
    ['a bundle', 'core-2.0.jar', [bundle('org.acme.core;singleton:=true')], ['org.acme:core@2.0']],
    [
      'a bundle whose name is all',
      'hamcrest.jar',
      [bundle('org.hamcrest\nBundle-Version: 2.2')],
      ['org.hamcrest:hamcrest@2.2'],
    ],
    ['another symbolic name is no group', 'core-2.0.jar', [bundle('acme.kernel')], ['core@2.0']],
    ['nothing', 'app.jar', [manifest('Main-Class: A\n')], []],
    ['a range', 'spring3-core-3.x.jar', [manifest(SPRING)], ['spring-core@4.3.30']],
    ['no entries', 'app-1.0.jar', [], ['app@1.0']],
    ['half a pom', 'app-1.0.jar', [{ ...pom('a'), content: 'groupId=x\n' }], ['app@1.0']],
  ])('%s', (_what, name, items, expected) => {
    expect(named(read(zip(items), name))).toEqual(expected);
  });

  test('licenses', () => {
    const text = 'Bundle-License: "Apache-2.0";link="https://x",MIT\n';
    expect(read(zip([manifest(text), pom('a')])).packages[0]?.licenses).toEqual([
      'Apache-2.0',
      'MIT',
    ]);
  });
});

describe('how an archive is written', () => {
  const items: readonly ZipItem[] = [
    { name: 'big.class', content: Buffer.alloc(70_000, 'PK\x07\x08 nearly') },
    { name: 'empty', content: '', stored: true },
    pom('a'),
    { name: 'BOOT-INF/lib/b.jar', content: zip([pom('b')]), stored: true },
    { name: 'BOOT-INF/lib/c.jar', content: zip([{ ...pom('c'), descriptor: true }]) },
    { name: 'end.txt', content: 'x' },
  ];
  const expected = [
    'com.acme:b@1.0 BOOT-INF/lib/b.jar',
    'com.acme:c@1.0 BOOT-INF/lib/c.jar',
    'com.acme:a@1.0',
  ];

  test.each([
    ['plainly', zip(items)],
    [
      'sizes behind what they are of',
      zip(items.map((item) => ({ ...item, descriptor: item.stored !== true }))),
    ],
    [
      'behind a script',
      Buffer.concat([Buffer.from('#!/bin/sh\nexec java -jar "$0"\n'), zip(items)]),
    ],
  ])('%s, in pieces of any size', (_how, bytes) => {
    for (const piece of [1, 7, 1000, 1 << 20]) {
      const found = read(bytes, 'x.jar', piece);
      expect([named(found), found.unreadable]).toEqual([expected, undefined]);
    }
  });

  test('a stored entry with a descriptor', () => {
    const bytes = zip([{ ...pom('a'), stored: true, descriptor: true }, pom('b')]);
    expect(named(read(bytes))).toEqual(['com.acme:a@1.0', 'com.acme:b@1.0']);
  });

  test('stored entries whose descriptors have no mark, in an archive that is one itself', () => {
    const inner = zip([{ ...pom('a'), stored: true, descriptor: true, unmarked: true }, pom('b')]);
    const bytes = zip([
      { name: 'in.jar', content: inner, stored: true, descriptor: true, unmarked: true },
      { ...pom('c'), descriptor: true, unmarked: true, zip64: true },
    ]);
    const found = read(bytes, 'x.jar', 50);
    expect([named(found).sort(), found.unreadable]).toEqual([
      ['com.acme:a@1.0 in.jar', 'com.acme:b@1.0 in.jar', 'com.acme:c@1.0'],
      undefined,
    ]);
  });

  test('a member that its directory names, and that was not found, leaves it read in part', () => {
    const bytes = zip([pom('a'), { ...pom('b'), stored: true }]);
    const hidden = Buffer.from(bytes);
    // The name before the content is another one; Java goes by the directory.
    hidden.write('META-INF/mavex', bytes.indexOf('META-INF', 100), 'latin1');
    const found = read(hidden);
    expect([named(found), found.unreadable]).toEqual([
      ['com.acme:a@1.0'],
      'its directory has other entries than were found',
    ]);
  });
});

describe('hostile archives end soon, and say what was not read', () => {
  const nested = (depth: number): Buffer =>
    depth === 0 ? zip([pom('deep')]) : zip([{ name: `${depth}.jar`, content: nested(depth - 1) }]);

  test('nested deeper than any tool makes them', () => {
    expect(named(read(nested(3)))).toEqual(['com.acme:deep@1.0 3.jar!/2.jar!/1.jar']);
    expect(read(nested(30)).unreadable).toBe('archives in it are nested more than 4 deep');
  });

  test('a bomb', () => {
    const zeros = Buffer.alloc(48 << 20);
    const bomb = zip([pom('a'), { name: 'META-INF/MANIFEST.MF', content: zeros }]);
    // Of a text only the beginning is unpacked.
    expect([named(read(bomb)), read(bomb).unreadable]).toEqual([['com.acme:a@1.0'], undefined]);
    const budget = { ...readBudget(), inflated: 10_000_000 };
    const inner = zip([pom('b'), { name: 'zeros', content: zeros, stored: true }]);
    const found = read(zip([{ name: 'b.jar', content: inner }, pom('a')]), 'x.jar', 4096, budget);
    expect([named(found), found.unreadable]).toEqual([[], 'it unpacks to too much']);
  });

  test('a million entries', () => {
    const items = Array.from({ length: 100 }, (_, i) => ({
      name: `${i}`,
      content: '',
      stored: true,
    }));
    const found = read(zip([pom('a'), ...items]), 'x.jar', 4096, { ...readBudget(), entries: 50 });
    expect([named(found), found.unreadable]).toEqual([
      ['com.acme:a@1.0'],
      'it has too many entries',
    ]);
  });

  test('cut off', () => {
    const whole = zip([pom('a'), { name: 'x', content: 'y'.repeat(1000), stored: true }]);
    const found = read(whole.subarray(0, 300));
    expect([named(found), found.unreadable]).toEqual([['com.acme:a@1.0'], 'it is cut off']);
  });

  test.each([
    ['encrypted', { ...pom('a'), flags: 1 }],
    ['compressed in another way', { ...pom('a'), method: 93 }],
  ])('%s', (_how, item) => {
    expect(read(zip([item])).unreadable).toBe(
      'an entry is encrypted, or compressed in another way than by deflate',
    );
  });

  test('a damaged archive in another does not hide the rest', () => {
    const found = read(
      zip([{ name: 'bad.jar', content: 'PK\u0003\u0004 nonsense'.padEnd(200, 'x') }, pom('a')]),
    );
    expect(named(found)).toEqual(['com.acme:a@1.0']);
    expect(found.unreadable).toContain('"bad.jar" in it: ');
  });
});

test('in an image', () => {
  const { packages, unreadablePackages } = image([
    file(
      'app/app.jar',
      zip([{ name: 'BOOT-INF/lib/a.jar', content: zip([pom('a')]), stored: true }]),
    ),
    file('app/broken.jar', 'not a zip'),
  ]);
  expect(packages.map(({ purl, location }) => [purl, location.path, location.inside])).toEqual([
    ['pkg:maven/com.acme/a@1.0', 'app/app.jar', 'BOOT-INF/lib/a.jar'],
  ]);
  expect(unreadablePackages.map(({ location, reason }) => [location.path, reason])).toEqual([
    ['app/broken.jar', 'it is cut off'],
  ]);
});
