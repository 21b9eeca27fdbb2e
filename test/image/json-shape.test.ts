import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldedKey, readAs, type Shape } from '../../src/image/formats/json.ts';

const SHAPE: Shape = {
  struct: {
    User: 'text',
    ok: 'boolean',
    size: 'integer',
    layers: { list: { struct: { digest: 'text' } } },
    Labels: { map: 'text' },
    rest: 'any',
  },
};
const read = (value: unknown) => readAs(value, SHAPE, 'it');

test('a null in a set of names is a name, as in Go', () => {
  const ports = { '80/tcp': null, '81/tcp': { a: 1 } };
  expect(readAs(ports, { map: 'empty' }, 'it')).toEqual({
    ok: true,
    value: { '80/tcp': {}, '81/tcp': {} },
  });
  expect(readAs({ a: 'x' }, { map: 'empty' }, 'it')).toEqual({
    ok: false,
    error: 'it: a is not an object',
  });
});

test.each<[Shape, unknown]>([
  ['text', ''],
  ['bytes', ''],
  ['integer', 0],
  ['boolean', false],
  [{ list: 'text' }, []],
  [{ struct: { User: 'text' } }, {}],
])('a null in a map of %j is %j, as in Go', (map, zero) => {
  expect(readAs({ a: null }, { map }, 'it')).toEqual({ ok: true, value: { a: zero } });
});

// What json.Unmarshal of Go 1.24 makes of each.
test.each([
  ['2020-01-01T00:00:00Z', true],
  ['2024-02-29T23:59:59.123456789+24:59', true],
  ['0000-02-29T00:00:00Z', true],
  ['2023-02-29T00:00:00Z', false],
  ['2020-01-01T24:00:00Z', false],
  ['2020-01-01T00:00:60Z', false],
  ['2020-01-01T00:00:00,5Z', false],
  ['2020-01-01t00:00:00z', false],
  ['2020-01-01 00:00:00Z', false],
  ['2020-01-01T00:00:00+25:00', false],
  ['2020-01-01', false],
  ['', false],
])('%j is a time: %j', (text, isTime) => {
  expect(readAs(text, 'time', 'it').ok).toBe(isTime);
});

test.each([
  ['YQ==', true],
  ['Y\nQ==\r', true],
  ['', true],
  ['YQ', false],
  ['Y Q==', false],
  ['YQ_=', false],
])('%j is base64: %j', (text, isBase64) => {
  expect(readAs(text, 'bytes', 'it').ok).toBe(isBase64);
});

test('a value is read by its fields; null is nothing, and what is not in the shape is kept', () => {
  const value = { User: 'a', ok: true, size: 1, layers: [{ digest: 'd', x: 1 }], more: [null] };
  expect(read({ ...value, Labels: null })).toEqual({ ok: true, value });
  expect(read({ Labels: { a: 'x', A: 'y' } })).toEqual({
    ok: true,
    value: { Labels: { a: 'x', A: 'y' } },
  });
  expect(read(JSON.parse('{"__proto__":{"User":1}}'))).toEqual({
    ok: true,
    value: JSON.parse('{"__proto__":{"User":1}}') as unknown,
  });
});

test.each([
  [{ user: 'a' }, 'it has the key "user", which engines take for "User"'],
  [{ User: 'a', USER: 'b' }, 'it has the key "USER", which engines take for "User"'],
  [{ 'u\u017fer': 'a' }, 'it has the key "uſer", which engines take for "User"'],
  [{ 'o\u212a': true }, 'it has the key "oK", which engines take for "ok"'],
  [{ Layers: [] }, 'it has the key "Layers", which engines take for "layers"'],
  [{ foo: 1, FOO: 2 }, 'it has the key "FOO", which engines take for "foo"'],
  [
    { layers: [{}, { Digest: 'x' }] },
    'it has the key "layers[1].Digest", which engines take for "layers[1].digest"',
  ],
  [{ User: 1 }, 'it: User is not text'],
  [{ size: 1.5 }, 'it: size is not an integer'],
  [{ size: 2 ** 60 }, 'it: size is not an integer'],
  [{ ok: 'yes' }, 'it: ok is not true or false'],
  [{ layers: {} }, 'it: layers is not a list'],
  [{ layers: [null] }, 'it: layers[0] is not an object'],
  [{ Labels: { a: 1 } }, 'it: Labels.a is not text'],
  [[], 'it is not an object'],
  [null, 'it is not an object'],
])('%j', (value, error) => {
  const found = read(value);
  expect(found.ok ? found.value : found.error.replace('\u212a', 'K')).toBe(
    error.replace('\u212a', 'K'),
  );
});

describe('folding', () => {
  const letters = fc.constantFrom(...'abkKsSzZ\u017f\u212aıİßﬁμ1_.'.split(''));

  test('is simple case folding as far as names in ASCII go', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-zA-Z_.]{1,6}$/),
        fc.array(fc.oneof(letters, fc.string({ maxLength: 1 })), { maxLength: 6 }),
        (name, key) => {
          const isSame = new RegExp(`^${name.replace('.', '\\.')}$`, 'iu').test(key.join(''));
          if (!name.includes('.')) expect(foldedKey(key.join('')) === foldedKey(name)).toBe(isSame);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('a field in any other spelling is never read past', () => {
    const other = fc
      .constantFrom('User', 'ok', 'size', 'layers', 'Labels', 'rest')
      .chain((name) =>
        fc.tuple(
          fc.constant(name),
          fc
            .tuple(...Array.from(name, (c) => fc.constantFrom(...spellings(c))))
            .map((parts) => parts.join('')),
        ),
      )
      .filter(([name, key]) => name !== key);
    fc.assert(
      fc.property(other, fc.jsonValue(), ([, key], value) => {
        expect(read({ [key]: value }).ok).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});

function spellings(letter: string): readonly string[] {
  const others = { s: '\u017f', k: '\u212a' }[letter.toLowerCase()];
  return [letter.toLowerCase(), letter.toUpperCase(), ...(others === undefined ? [] : [others])];
}
