import fc from 'fast-check';
import { expect, test } from 'vitest';
import { layerPath } from '../../src/image/tar/tar-header.ts';

test.each([
  ['usr/bin/env', 'usr/bin/env'],
  ['./usr/bin/', 'usr/bin'],
  ['/etc/passwd', 'etc/passwd'],
  ['a//b/./c', 'a/b/c'],
  ['a/../b', 'b'],
  ['.', ''],
  ['./', ''],
  ['', ''],
  ['.wh..wh..opq', '.wh..wh..opq'],
  ['a/.hidden', 'a/.hidden'],
  ['..', undefined],
  ['a/../../b', undefined],
  ['/../etc', undefined],
  ['a\0b', undefined],
])('%j is %j', (name, path) => {
  expect(layerPath(name)).toBe(path);
});

test('what comes out is relative, has no dots, and is its own safe form', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('..', '.', '', 'a', 'b.c', '...')), (parts) => {
      const path = layerPath(parts.join('/'));
      if (path === undefined) return;
      expect(path.split('/').filter((p) => p === '..' || p === '.')).toEqual([]);
      expect(path.startsWith('/') || path.endsWith('/')).toBe(false);
      expect(layerPath(path)).toBe(path);
    }),
  );
});
