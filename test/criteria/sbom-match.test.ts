import { describe, expect, test } from 'vitest';
import {
  namesForeignFiles,
  osParts,
  sbomCoverage,
  type SbomPart,
} from '../../src/criteria/sbom.ts';
import { filesystem, pkg, program } from './facts-builder.ts';

const part = (name: string, version?: string, given: Partial<SbomPart> = {}): SbomPart => ({
  name,
  version,
  purls: [],
  isFile: false,
  ...given,
});
const content = (...parts: readonly SbomPart[]) => ({ format: 'CycloneDX' as const, parts });
const purl = (text: string): SbomPart => part('other name', undefined, { purls: [text] });

describe('sbomCoverage', () => {
  test.each([
    ['name and version', part('libc6', '2.41-12'), pkg('libc6', '2.41-12')],
    ['an epoch on one side', part('zlib1g', '1:1.3-1'), pkg('zlib1g', '1.3-1')],
    [
      'a purl with epoch and qualifiers',
      purl('pkg:deb/debian/zlib1g@1%3A1.3-1?arch=amd64'),
      pkg('zlib1g', '1:1.3-1'),
    ],
    ['a purl without namespace', purl('pkg:deb/libc6@2.41-12'), pkg('libc6', '2.41-12')],
    ['a scope in the purl', purl('pkg:npm/%40scope/x@1.0.0'), pkg('@scope/x', '1.0.0', 'npm')],
    ['a scope as group', part('x', '1.0.0', { group: '@scope' }), pkg('@scope/x', '1.0.0', 'npm')],
    [
      'Python’s separators and case',
      part('Typing_Extensions', '4.12'),
      pkg('typing-extensions', '4.12', 'pypi'),
    ],
    [
      'Java’s colon',
      part('log4j-core', '2.25', { group: 'org.apache' }),
      pkg('org.apache:log4j-core', '2.25', 'maven'),
    ],
    ['Go’s v', part('golang.org/x/net', 'v0.30.0'), pkg('golang.org/x/net', '0.30.0', 'golang')],
    ['no version on either side', part('x'), pkg('x', '', 'npm')],
  ])('%s is the same package', (_name, one, found) => {
    expect(sbomCoverage(content(one), [found])).toEqual({ total: 1, named: 1, missing: [] });
  });

  test.each([
    ['another version', part('libc6', '2.40')],
    ['no version', part('libc6')],
    ['another name', part('libc6-dev', '2.41')],
    ['a purl without a version', purl('pkg:deb/debian/libc6')],
    ['a purl that is none', purl('libc6@2.41')],
  ])('%s is another', (_name, one) => {
    const found = pkg('libc6', '2.41');
    expect(sbomCoverage(content(one), [found])).toEqual({ total: 1, named: 0, missing: [found] });
  });

  test('a package in two places counts once', () => {
    const twice = [
      pkg('ms', '2', 'npm', 'a/package.json'),
      pkg('ms', '2', 'npm', 'b/package.json'),
    ];
    expect(sbomCoverage(content(part('ms', '2')), twice).total).toBe(1);
  });
});

test('packages of a system are told by their purls', () => {
  const parts = ['pkg:deb/debian/a@1', 'pkg:apk/alpine/b@1', 'pkg:rpm/fedora/c@1', 'pkg:npm/d@1'];
  expect(osParts(content(...parts.map(purl)))).toHaveLength(3);
});

test('files are foreign where none of them is in the image, and nothing else is named', () => {
  const fact = filesystem([program('usr/bin/app')], { has: (path) => path === 'etc/app.conf' });
  const image = fact.known ? fact.value : undefined;
  if (image === undefined) throw new Error('no filesystem');
  const file = (name: string): SbomPart => part(name, undefined, { isFile: true });
  expect(namesForeignFiles(content(file('/opt/x')), image)).toBe(true);
  expect(namesForeignFiles(content(file('/opt/x'), file('./etc/app.conf')), image)).toBe(false);
  expect(namesForeignFiles(content(file('/build/output/app')), image)).toBe(false);
  expect(namesForeignFiles(content(file('/opt/x'), part('left-pad', '1')), image)).toBe(false);
});
