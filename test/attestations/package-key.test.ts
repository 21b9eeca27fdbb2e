import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { looseKey, packageKey, readPurl } from '../../src/attestations/package-key.ts';

describe('readPurl', () => {
  test.each([
    ['pkg:deb/debian/libc6@1%3A2.41-12?arch=amd64', 'deb', 'libc6', '1:2.41-12'],
    ['pkg:npm/%40babel/core@7.0.0', 'npm', '@babel/core', '7.0.0'],
    ['pkg:npm/@babel/core@7.0.0', 'npm', '@babel/core', '7.0.0'],
    ['pkg:npm/@babel/core', 'npm', '@babel/core', ''],
    ['pkg:golang/github.com/x/y@v1.2.3#sub', 'golang', 'github.com/x/y', 'v1.2.3'],
    ['pkg:maven/org.a/b@1?type=jar', 'maven', 'org.a/b', '1'],
    ['pkg://PyPI/Django@5', 'pypi', 'Django', '5'],
    ['pkg:npm/bad%zz@1', 'npm', 'bad%zz', '1'],
  ])('%s', (purl, type, name, version) => {
    expect(readPurl(purl)).toEqual({ type, name, version });
  });

  test.each([
    '',
    'npm/x@1',
    'pkg:npm',
    'pkg:npm/',
    'pkg:/x',
    'pkg:npm/?a=b',
    `pkg:npm/${'x'.repeat(5000)}`,
  ])('%j is none', (text) => {
    expect(readPurl(text)).toBeUndefined();
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        readPurl(`pkg:${text}`);
        readPurl(`pkg:npm/${text}`);
      }),
    );
  });
});

describe('packageKey', () => {
  const key = (purl: string): string => {
    const read = readPurl(purl);
    if (read === undefined) throw new Error(purl);
    return packageKey(read);
  };

  test.each([
    ['pkg:deb/debian/a@1%3A2', 'pkg:deb/ubuntu/a@2?epoch=1'],
    ['pkg:pypi/Zope.Interface@1', 'pkg:pypi/zope-interface@1'],
    ['pkg:golang/a.b/c@v1', 'pkg:golang/a.b/c@1'],
    ['pkg:npm/%40A/b@1', 'pkg:npm/@a/b@1'],
  ])('%s and %s are one', (a, b) => {
    expect(key(a)).toBe(key(b));
  });

  test.each([
    ['pkg:npm/a@1', 'pkg:npm/a@2'],
    ['pkg:npm/a@1', 'pkg:pypi/a@1'],
    ['pkg:npm/%40a/b@1', 'pkg:npm/b@1'],
  ])('%s and %s are two', (a, b) => {
    expect(key(a)).not.toBe(key(b));
  });
});

test('looseKey joins maven and epoch spellings', () => {
  expect(looseKey('org.a:b', '1')).toBe(looseKey('org.a/b', '1'));
  expect(looseKey('a', '1:2')).toBe(looseKey('A', '2'));
  expect(looseKey('a', 'v1')).toBe(looseKey('a', '1'));
});
