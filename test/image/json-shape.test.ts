import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldedKey, readAs, type Shape } from '../../src/image/formats/json.ts';
import { yamlTable } from '../fakes/table.ts';

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

const TABLE = yamlTable('test/image/json-shape.yaml') as {
  readonly times: readonly [string, boolean][];
  readonly base64: readonly [string, boolean][];
  readonly wrong: readonly [unknown, string][];
};

test.each(TABLE.times)('%j is a time: %j', (text, isTime) => {
  expect(readAs(text, 'time', 'it').ok).toBe(isTime);
});

test.each(TABLE.base64)('%j is base64: %j', (text, isBase64) => {
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

test.each(TABLE.wrong)('%j', (value, error) => {
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
