import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPlainText, recordedSupplier } from '../../src/facts/packages/record.ts';
import { yamlTable } from '../fakes/table.ts';
import { file, image } from './support.ts';

interface Stated {
  readonly kind: string;
  readonly path: string;
  readonly text: string;
  readonly supplier?: object;
  readonly originator?: object;
}
const TABLES = yamlTable('test/facts/recorded-supplier.yaml') as {
  readonly stated: readonly [stated: string, read: object][];
  readonly records: readonly Stated[];
};

test.each(TABLES.stated)('%s', (stated, read) => {
  expect(recordedSupplier(stated)).toEqual(read);
});

test.each([
  ['UNKNOWN'],
  ['(none)'],
  [''],
  ['()'],
  [undefined],
  [7],
  [{ email: 'a@b.example' }],
  [`${'x'.repeat(300)} <a@b.example>`],
  ['a\u001b[2J'],
])('%j names nobody', (stated) => {
  expect(recordedSupplier(stated)).toBeUndefined();
});

test('whatever is recorded, names and addresses are ones that documents can carry', () => {
  const piece = fc.constantFrom('<', '>', '(', ')', '"', '@', ' ', 'a', '\n', '\u0000', 'team');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const found = recordedSupplier(pieces.join(''));
      if (found === undefined) return;
      expect(isPlainText(found.name)).toBe(true);
      expect(found.name).not.toMatch(/[()]|^\s|\s$/);
      expect(found.email ?? 'a@b').toMatch(/^[^\s()<>]+@[^\s()<>]+$/);
    }),
  );
});

test.each(TABLES.records)('$kind', ({ path, text, supplier, originator }) => {
  const [found] = image([file(path, text)]).packages;
  expect([found?.supplier, found?.originator]).toEqual([supplier, originator]);
});
