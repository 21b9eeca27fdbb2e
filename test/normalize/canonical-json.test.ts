import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from '../../src/normalize/rebuild.ts';

test('keys are in order at every depth, arrays stay, what is undefined goes', () => {
  expect(canonicalJson({ b: [{ d: 1, c: null }, 'x'], a: undefined, A: { z: 'é', y: true } })).toBe(
    '{"A":{"y":true,"z":"é"},"b":[{"c":null,"d":1},"x"]}',
  );
  expect(canonicalJson(JSON.parse('{"__proto__":{"b":1,"a":2}}'))).toBe(
    '{"__proto__":{"a":2,"b":1}}',
  );
});

test('says what JSON says', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const value: unknown = JSON.parse(text);
      expect(JSON.parse(canonicalJson(value))).toEqual(value);
    }),
  );
});
