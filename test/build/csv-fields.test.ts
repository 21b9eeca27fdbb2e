import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvFields } from '../../src/build/command-line.ts';

test.each([
  ['a,b', ['a', 'b']],
  ['', ['']],
  ['a,', ['a', '']],
  ['"a,b",c', ['a,b', 'c']],
  ['"a""b"', ['a"b']],
  ['a"b', undefined],
  ['"a', undefined],
  ['"a"b', undefined],
])('%j', (text, fields) => {
  expect(csvFields(text)).toEqual(fields);
});

test('what is quoted is read back', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), (fields) => {
      const text = fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',');
      expect(csvFields(text)).toEqual(fields);
    }),
  );
});
