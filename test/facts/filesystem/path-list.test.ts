import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PathListWriter } from '../../../src/facts/filesystem/path-list-writer.ts';
import { type ListedPath, readPathList } from '../../../src/facts/filesystem/path-list.ts';

test('gives back what was written', () => {
  const listed = fc.record({
    kind: fc.constantFrom('f' as const, 'd' as const, 'w' as const, 'o' as const),
    size: fc.nat(),
    path: fc
      .array(fc.oneof(fc.constantFrom('a', 'b', 'ab'), fc.string({ unit: 'binary' })))
      .map((parts) => parts.join('/'))
      .filter((path) => !path.includes('\0') && !path.startsWith('/')),
  });
  fc.assert(
    fc.property(fc.array(listed), (items) => {
      const writer = new PathListWriter();
      for (const item of items) writer.add(item);
      const read: ListedPath[] = [];
      readPathList(writer.finish(), (kind, size, folder, name) => {
        read.push({ kind, size, path: folder === '' ? name : `${folder}/${name}` });
      });
      expect(read).toEqual(items);
    }),
  );
});

test('shares the beginnings of paths', () => {
  const writer = new PathListWriter();
  for (let i = 0; i < 1000; i += 1)
    writer.add({ kind: 'f', size: 1, path: `usr/lib/node_modules/some-package/lib/file-${i}.js` });
  expect(writer.finish().length).toBeLessThan(20_000);
});
