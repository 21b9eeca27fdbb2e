import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NameTable } from '../../../../src/facts/filesystem/columns/name-table.ts';

describe('names in folders', () => {
  test('many more than expected, each found in its own folder', () => {
    const table = new NameTable();
    const root = table.addRoot();
    const folders = Array.from({ length: 10 }, (_, i) => table.add(root, `folder ${i}`));
    const numbers = folders.map((folder) =>
      Array.from({ length: 3000 }, (_, i) => table.add(folder, `${i}`)),
    );
    folders.forEach((folder, at) => {
      for (let i = 0; i < 3000; i += 1) expect(table.find(folder, `${i}`)).toBe(numbers[at]?.[i]);
      expect(table.find(folder, '3000')).toBe(-1);
    });
    expect([table.nameOf(folders[3] ?? 0), table.folderOf(folders[3] ?? 0)]).toEqual([
      'folder 3',
      root,
    ]);
  });

  test('any text is a name, and they are ordered as texts are', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.uniqueArray(text, { minLength: 2 }), (names) => {
        const table = new NameTable();
        const root = table.addRoot();
        const numbers = names.map((one) => table.add(root, one));
        expect(numbers.map((one) => table.nameOf(one))).toEqual(names);
        expect(names.map((one) => table.find(root, one))).toEqual(numbers);
        const ordered = [...numbers].sort((a, b) => table.compareNames(a, b));
        expect(ordered.map((one) => table.nameOf(one))).toEqual([...names].sort());
      }),
    );
  });

  test('what takes the place of another has a number of its own', () => {
    const table = new NameTable();
    const root = table.addRoot();
    const [first, second] = [table.add(root, 'a'), table.add(root, 'a')];
    expect(first).not.toBe(second);
    expect([table.find(root, 'a'), table.nameOf(first)]).toEqual([second, 'a']);
  });
});
