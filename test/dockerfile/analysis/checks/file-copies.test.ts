import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Copies, copyOf } from '../../../../src/dockerfile/analysis/checks/file-copies.ts';

const path = fc
  .tuple(fc.constantFrom('', '/'), fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }))
  .map(([root, parts]) => root + parts.join('/'));
const source = fc.oneof(path, fc.constantFrom('*', '/a/*', '/a*/b', 'a/*c'));
const sought = path.filter((one) => one !== '');

test('a file is found by the copies that each alone would take it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(source, path, path)), sought, (all, file) => {
      const copies = all.map(([from, to, folder]) => copyOf(from, to, folder));
      const each = copies.flatMap((copy) => [...new Copies([copy]).of(file)]);
      expect([...new Copies(copies).of(file)].sort()).toEqual(each.sort());
    }),
  );
});

test.each([
  ['/tmp/f', '/tmp/f', '/g', ['/g', '/g/f']],
  ['/tmp/f', '/tmp', '/in', ['/in/f']],
  ['/tmp/f', '/', '/in', ['/in/tmp/f']],
  ['/tmp/f', '/tmp/f*', '/in', ['/in/f']],
  ['f', '/tmp/f', '/in/', ['/in/f']],
  ['/tmp/f', '/tmp/g', '/in/', []],
  ['/tmp/f', '/tm', '/in/', []],
])('%s, copied by %s to %s', (file, from, to, found) => {
  expect([...new Copies([copyOf(from, to, '/')]).of(file)]).toEqual(found);
});
