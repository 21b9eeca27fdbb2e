import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { uncheckedEntry } from '../../src/dockerfile/analysis/find-installs.ts';
import { analysisOf } from './parse-dockerfile.ts';

const SHA = `sha512-${'A'.repeat(86)}==`;
const COMMIT = 'c'.repeat(40);
const npmLock = (entry: object): string =>
  JSON.stringify({
    lockfileVersion: 3,
    packages: { '': { name: 'app' }, 'node_modules/@a/b': entry, lib: { version: '1.0.0' } },
  });
const yarnOne = (resolved: string, more = ''): string =>
  `# yarn lockfile v1\n\n\n"@a/b@^1.0.0":\n  version "1.0.1"\n  resolved "${resolved}"\n${more}`;
const berry = (resolution: string, more = ''): string =>
  `__metadata:\n  version: 8\n\n"@a/b@npm:^1.0.0":\n  version: 1.0.1\n  resolution: "${resolution}"\n${more}`;
const pnpmLock = (resolution: string): string =>
  `lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n\npackages:\n\n  '@a/b@1.0.1':\n    resolution: {${resolution}}\n    engines: {node: '>=18'}\n\nsnapshots:\n\n  '@a/b@1.0.1': {}\n`;

const REGISTRY = 'https://registry.npmjs.org/@a/b/-/b-1.0.1.tgz';
const YARN = `https://registry.yarnpkg.com/@a/b/-/b-1.0.1.tgz`;

describe('entries that a sum or a commit holds', () => {
  test.each([
    ['package-lock.json', npmLock({ resolved: REGISTRY, integrity: SHA })],
    ['package-lock.json', npmLock({ integrity: SHA })],
    ['package-lock.json', npmLock({ resolved: `git+ssh://git@github.com/a/b.git#${COMMIT}` })],
    ['package-lock.json', npmLock({ resolved: 'lib', link: true })],
    ['package-lock.json', npmLock({ version: '1.0.0', inBundle: true })],
    ['package-lock.json', npmLock({ resolved: 'file:b-1.tgz' })],
    [
      'package-lock.json',
      JSON.stringify({ dependencies: { a: { version: '1.0.0', integrity: SHA } } }),
    ],
    ['yarn.lock', yarnOne(YARN, `  integrity ${SHA}\n`)],
    ['yarn.lock', yarnOne(`${YARN}#${'d'.repeat(40)}`)],
    ['yarn.lock', yarnOne(`https://codeload.github.com/a/b/tar.gz/${COMMIT}`)],
    ['yarn.lock', berry('@a/b@npm:1.0.1', `  checksum: 10c0/${'e'.repeat(128)}\n`)],
    ['yarn.lock', berry('@a/b@npm:1.0.1', '  conditions: os=win32\n')],
    ['yarn.lock', berry('app@workspace:.')],
    ['pnpm-lock.yaml', pnpmLock(`integrity: ${SHA}`)],
    ['pnpm-lock.yaml', pnpmLock(`tarball: https://codeload.github.com/a/b/tar.gz/${COMMIT}`)],
    ['pnpm-lock.yaml', pnpmLock(`commit: ${COMMIT}, repo: git@h.example:a/b.git, type: git`)],
    ['pnpm-lock.yaml', pnpmLock('directory: lib, type: directory')],
    ['Gemfile.lock', 'anything'],
  ])('%s %j', (name, lock) => {
    expect(uncheckedEntry(name, lock)).toBeUndefined();
  });
});

describe('entries that nothing holds are named', () => {
  const EVIL = 'http://evil.example/b.tgz';
  test.each([
    ['package-lock.json', npmLock({ resolved: REGISTRY }), '@a/b has no integrity'],
    ['package-lock.json', npmLock({ version: '1.0.1' }), '@a/b has no integrity'],
    [
      'package-lock.json',
      npmLock({ resolved: REGISTRY, deprecated: `"integrity":"${SHA}` }),
      '@a/b has no integrity',
    ],
    ['package-lock.json', npmLock({ resolved: EVIL }), '@a/b comes over http without a sum'],
    [
      'npm-shrinkwrap.json',
      npmLock({ resolved: 'git+https://github.com/a/b.git#main' }),
      '@a/b comes from git without a commit',
    ],
    [
      'package-lock.json',
      JSON.stringify({ dependencies: { a: { integrity: SHA, dependencies: { b: {} } } } }),
      'b has no integrity',
    ],
    ['package-lock.json', '{', 'it is not read'],
    ['yarn.lock', yarnOne(YARN), '@a/b has no integrity'],
    ['yarn.lock', yarnOne(EVIL), '@a/b comes over http without a sum'],
    ['yarn.lock', berry('@a/b@npm:1.0.1'), '@a/b has no integrity'],
    [
      'yarn.lock',
      berry('@a/b@https://github.com/a/b.git#commit=main'),
      '@a/b comes from git without a commit',
    ],
    ['pnpm-lock.yaml', pnpmLock('tarball: https://e.example/b.tgz'), '@a/b@1.0.1 has no integrity'],
    ['pnpm-lock.yaml', pnpmLock(`tarball: ${EVIL}`), '@a/b@1.0.1 comes over http without a sum'],
    ['pnpm-lock.yaml', 'packages: {a: {resolution: {}}}', 'it is not read'],
  ])('%s %j', (name, lock, reason) => {
    expect(uncheckedEntry(name, lock)?.reason).toBe(`${name}: ${reason}`);
  });

  test('no text makes it throw', () => {
    const names = fc.constantFrom('package-lock.json', 'yarn.lock', 'pnpm-lock.yaml');
    fc.assert(
      fc.property(names, fc.oneof(fc.string(), fc.json()), (name, lock) => {
        uncheckedEntry(name, lock);
      }),
    );
  });
});

test('npm ci over such a lock is not held, and what it takes from elsewhere is a download', () => {
  const run = (entry: object, command = 'npm ci', folder = ''): readonly unknown[] => {
    const { installs, downloads } = analysisOf(
      `FROM x\nWORKDIR /a\nCOPY . .\nRUN ${command}`,
      {},
      { [`${folder}package-lock.json`]: npmLock(entry) },
    );
    const open = downloads.map((one) => one.open);
    return [installs[0]?.lockFile, installs[0]?.looseLock?.reason, open];
  };
  expect(run({ resolved: REGISTRY, integrity: SHA })).toEqual([true, undefined, []]);
  const none = 'package-lock.json: @a/b has no integrity';
  expect(run({ resolved: REGISTRY })).toEqual([false, none, []]);
  expect(run({ resolved: REGISTRY }, 'npm ci --prefix web', 'web/')).toEqual([false, none, []]);
  expect(run({ resolved: 'http://evil.example/b.tgz' })).toEqual([
    false,
    'package-lock.json: @a/b comes over http without a sum',
    ['packages come from http://evil.example/b.tgz, and no hash pins them'],
  ]);
});
