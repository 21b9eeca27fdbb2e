import { describe, expect, test } from 'vitest';
import { objectOf } from '../../src/lib/json.ts';
import { base64Of, listOf, parseUntrustedJson, textOf, textsOf } from '../../src/trust/bundle.ts';

describe('values that nobody has vouched for', () => {
  test('of the wrong type read as empty', () => {
    expect([objectOf(null), objectOf([1]), objectOf('x'), objectOf({ a: 1 })]).toEqual([
      {},
      {},
      {},
      { a: 1 },
    ]);
    expect([listOf({}, 5), listOf([1, 2, 3], 2)]).toEqual([[], [1, 2]]);
    expect([textOf(1), textOf('abc', 2), textOf('abc', 3)]).toEqual([undefined, undefined, 'abc']);
    expect(textsOf({ a: 'x', b: 1, c: 'y' })).toEqual({ a: 'x', c: 'y' });
    expect(textsOf({ a: 'x', b: 'y' }, 1)).toEqual({ a: 'x' });
  });

  test.each([
    ['aGVsbG8=', 'hello'],
    ['aGVsbG8', 'hello'],
    ['', ''],
  ])('base64 %j is %j', (text, decoded) => {
    expect(Buffer.from(base64Of(text, 100) ?? 'wrong').toString()).toBe(decoded);
  });

  test.each(['a', 'a b=', '====', '*', 7])('%j is no base64', (text) => {
    expect(base64Of(text, 100)).toBeUndefined();
  });

  test('base64 of too many bytes is refused', () => {
    expect(base64Of('A'.repeat(8), 3)).toBeUndefined();
  });

  test('JSON is bounded and named in its error', () => {
    expect(parseUntrustedJson('{"a":1}', 'it')).toEqual({ ok: true, value: { a: 1 } });
    expect(parseUntrustedJson('nope', 'it')).toEqual({ ok: false, error: 'it is not JSON' });
    expect(parseUntrustedJson('[1]', 'it', 2)).toEqual({
      ok: false,
      error: 'it is larger than 2 bytes',
    });
  });
});
