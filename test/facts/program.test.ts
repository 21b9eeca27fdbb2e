import { constants, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readBudget } from '../../src/facts/packages/package-collector.ts';
import { PROGRAM, ProgramStream } from '../../src/facts/packages/programs.ts';
import type { RecordContent } from '../../src/facts/packages/record.ts';
import { buildInfo, dependencyList, MODULES, program } from './program-sample.ts';
import { entryOf, file, image, program as executable } from './support.ts';

function read(bytes: Uint8Array, piece = 4096, budget = readBudget()): RecordContent {
  const stream = new ProgramStream(budget);
  for (let at = 0; at < bytes.length; at += piece) stream.push(bytes.subarray(at, at + piece));
  return stream.end();
}

const named = ({ packages }: RecordContent): string[] =>
  packages.map(({ type, name, version }) => `${type} ${name}@${version}`);

const GO = [
  'golang stdlib@1.22.1',
  'golang example.com/App@',
  'golang golang.org/x/text@v0.3.0',
  'golang example.com/fork@v1.1.0',
  'golang example.com/local@',
];

const CRATES = {
  packages: [
    { name: 'app', version: '0.1.0', source: 'local', root: true, dependencies: [1] },
    { name: 'serde', version: '1.0.200', source: 'crates.io' },
    { name: 'cc', version: '1.0.0', source: 'crates.io', kind: 'build' },
  ],
};
const RUST = ['cargo app@0.1.0', 'cargo serde@1.0.200'];

describe('Go', () => {
  test.each([
    ['ELF', '\x7fELF'],
    ['PE', 'MZ'],
    ['Mach-O', '\xcf\xfa\xed\xfe'],
  ])('%s, since 1.18', (_kind, magic) => {
    const found = read(program(200_000, { 0x10010: buildInfo('go1.22.1', MODULES) }, magic));
    expect([named(found), found.unreadable]).toEqual([GO, undefined]);
  });

  test('wherever the pieces are cut, and at the very end', () => {
    const info = buildInfo('go1.22.1 X:nocoverageredesign', MODULES);
    const sizes = fc.integer({ min: 1, max: 70_000 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1024, max: 2000 }), fc.boolean(), (piece, at, last) => {
        const bytes = program(last ? 16 * at + info.length : 60_000, { [16 * at]: info });
        expect(named(read(bytes, piece))).toEqual(GO);
      }),
      { numRuns: 60 },
    );
  });

  test('the mark in a program that looks for it is not taken for it', () => {
    const bytes = program(100_000, {
      0x5001: Buffer.from('\xff Go buildinf:', 'latin1'),
      0x6000: Buffer.from('\xff Go buildinf:\x08\x02'.padEnd(60, '\xff'), 'latin1'),
      0x9000: buildInfo('go1.22.1', MODULES),
    });
    expect(named(read(bytes))).toEqual(GO);
  });

  test('without modules: the standard library, and a word on it', () => {
    const found = read(program(60_000, { 0x8000: buildInfo('go1.22.1', '') }));
    expect([named(found), found.unreadable]).toEqual([
      ['golang stdlib@1.22.1'],
      'it is a Go program without a list of its modules',
    ]);
  });

  test('before 1.18: a word on it', () => {
    const info = Buffer.from('\xff Go buildinf:\x08\x00'.padEnd(40, '\0'), 'latin1');
    for (const piece of [1, 100, 4096, 1 << 20])
      expect(read(program(60_000, { 0x8000: info }), piece)).toEqual({
        packages: [],
        unreadable: 'it was built by a Go before 1.18, whose list of modules is not read',
      });
  });

  test('hostile lists', () => {
    const text = `dep\t${'x'.repeat(600)}\tv1\ndep\ta\u001b[31m\tv1\ndep\nmod\n=>\n\ndep\tok\tv1.0.0\n`;
    expect(named(read(program(60_000, { 0x8000: buildInfo('go1.22.1', text) })))).toEqual([
      'golang stdlib@1.22.1',
      'golang ok@v1.0.0',
    ]);
  });
});

describe('Rust', () => {
  test.each([1, 6, 7, 9])('cargo-auditable, level %i', (level) => {
    const bytes = program(100_000, { 0x7777: dependencyList(CRATES, level) });
    for (const piece of [1, 333, 100_000]) expect(named(read(bytes, piece))).toEqual(RUST);
  });

  test('a list too short for a code of its own, one of thousands', () => {
    const tiny = { packages: [{ name: 'a', version: '1.0.0' }] };
    const fixed = deflateSync(JSON.stringify(tiny), { strategy: constants.Z_FIXED });
    expect(named(read(program(60_000, { 0x5000: fixed })))).toEqual(['cargo a@1.0.0']);
    const many = Array.from({ length: 5000 }, (_, i) => ({
      name: `crate-${i}`,
      version: `${i}.${i % 7}.0`,
    }));
    const list = dependencyList({ packages: many });
    expect(read(program(list.length + 40_000, { 0x4321: list })).packages.length).toBe(5000);
  });

  test('other compressed data is none', () => {
    const bytes = program(100_000, {
      0x4001: deflateSync('some text, compressed into the program'.repeat(9)),
      0x6000: dependencyList({ packages: 'none' }),
      0x7000: dependencyList(CRATES),
    });
    expect(named(read(bytes))).toEqual(RUST);
  });
});

test('a program made to cost time is left, and said to be', () => {
  const bait = dependencyList({ packages: [{ name: 'x'.repeat(400), version: '1' }] }).subarray(
    0,
    40,
  );
  const bytes = program(
    200_000,
    Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [20_000 + 50 * i, bait])),
  );
  const budget = { ...readBudget(), looks: 500 };
  expect(read(bytes, 4096, budget).unreadable).toBe('too many places look like a list of packages');
  expect(budget.looks).toBe(0);
});

test('a packed program cannot be looked into', () => {
  const bytes = program(60_000, { 0x80: Buffer.from('UPX!') });
  expect(read(bytes)).toEqual({
    packages: [],
    unreadable: 'it is packed (UPX): what it was built from cannot be seen',
  });
});

test('which files are looked through', () => {
  const wanted = (path: string, mode: number, size = 20_000): boolean =>
    PROGRAM.matches(path, entryOf(file(path, Buffer.alloc(size), mode)).entry);
  expect(wanted('usr/bin/x', 0o755)).toBe(true);
  expect(wanted('usr/bin/x', 0o755, 10_000)).toBe(false);
  expect(wanted('usr/lib/libx.so.1.2', 0o644)).toBe(true);
  expect(wanted('usr/share/x.png', 0o644)).toBe(false);
});

test('in an image: purls; what a package of the distribution brought is that package', () => {
  const bytes = program(60_000, { 0x8000: buildInfo('go1.22.1', MODULES) });
  const status = 'Package: docker.io\nStatus: install ok installed\nVersion: 26\n';
  const debian = [
    executable('usr/bin/docker', bytes),
    file('var/lib/dpkg/info/docker.io.list', '/.\n/usr/bin/docker\n'),
    file('var/lib/dpkg/status', status),
  ];
  const purls = image([...debian, executable('usr/local/bin/app', bytes)]).packages.map(
    ({ purl, location }) => `${purl} ${location.path}`,
  );
  expect(purls).toEqual([
    'pkg:deb/debian/docker.io@26 var/lib/dpkg/status',
    'pkg:golang/example.com/app usr/local/bin/app',
    'pkg:golang/example.com/fork@v1.1.0 usr/local/bin/app',
    'pkg:golang/example.com/local usr/local/bin/app',
    'pkg:golang/golang.org/x/text@v0.3.0 usr/local/bin/app',
    'pkg:golang/stdlib@1.22.1 usr/local/bin/app',
  ]);
});
