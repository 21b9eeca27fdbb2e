import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonText } from '../../src/report/text.ts';

test.each([
  ['\u009b31m', '\\u009b31m'],
  ['\u202egnp\u2066', '\\u202egnp\\u2066'],
  ['\u{e0041}', '\\udb40\\udc41'],
  ['\u2028\u007f\u200b', '\\u2028\\u007f\\u200b'],
  ['é 漢 😀 ❤\ufe0f', 'é 漢 😀 ❤\ufe0f'],
  ['a\n\t\u001b', 'a\\n\\t\\u001b'],
])('%j is written as %s', (text, written) => {
  expect(jsonText({ text })).toBe(`{\n  "text": "${written}"\n}\n`);
});

test('nothing is lost', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
      (value) => {
        expect(JSON.parse(jsonText(value))).toEqual(JSON.parse(JSON.stringify(value)));
      },
    ),
  );
});
