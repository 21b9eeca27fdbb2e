import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStrictJson } from '../../src/image/formats/json.ts';
import { cpuMs } from '../cpu-time.ts';

const parse = (document: Uint8Array | string, max = 1_000_000) =>
  parseStrictJson(document, 'it', max);
const bytes = (...parts: readonly (string | number)[]): Uint8Array =>
  Buffer.concat(parts.map((part) => Buffer.from(typeof part === 'number' ? [part] : part)));

describe('what readers differ about is an error', () => {
  test.each([
    ['a key twice', '{"a":1,"b":2,"a":3}', 'it has the key "a" twice'],
    ['a key twice, once escaped', '{"layers":1,"l\\u0061yers":2}', 'it has the key "layers" twice'],
    ['deep inside', '{"a":[{"b":{"c":1,"c":1}}]}', 'it has the key "a.b.c" twice'],
    ['behind nested values', '{"a":{"x":[{}]},"a":1}', 'it has the key "a" twice'],
    ['__proto__', '{"__proto__":1,"__proto__":2}', 'it has the key "__proto__" twice'],
    ['a key with a quote', '{"a\\"":1,"a\\"":2}', 'it has the key "a\\"" twice'],
    ['half a pair', '{"a":"\\ud800"}', 'it contains half a surrogate pair, which readers replace'],
    [
      'half a pair in a key',
      '{"\\uDfff":1}',
      'it contains half a surrogate pair, which readers replace',
    ],
    ['half a pair as text', '"\ud800"', 'it is not JSON: it is not UTF-8'],
    ['trailing data', '{} {}', 'it is not JSON'],
    ['a byte order mark', '\ufeff{}', 'it is not JSON'],
    ['NUL', '{}\0', 'it is not JSON'],
    ['a number of another form', '[01]', 'it is not JSON'],
    ['too deep', `${'['.repeat(201)}${']'.repeat(201)}`, 'it is nested too deep'],
    ['much too deep', `${'['.repeat(200_000)}${']'.repeat(200_000)}`, 'it is nested too deep'],
  ])('%s', (_, text, error) => {
    expect(parse(text)).toEqual({ ok: false, error });
  });

  test('bytes that are not UTF-8, a byte order mark, too many', () => {
    expect(parse(bytes('{"a":"', 0xff, '"}'))).toEqual({
      ok: false,
      error: 'it is not JSON: it is not UTF-8',
    });
    expect(parse(bytes(0xef, 0xbb, 0xbf, '{}'))).toEqual({ ok: false, error: 'it is not JSON' });
    expect(parse('[1]', 2)).toEqual({ ok: false, error: 'it is larger than 2 bytes' });
  });
});

test.each(['2.0', '2e0', '20e-1', '-0.0', '1E2', '1e400'])(
  'a whole number written %s is refused where Go reads integers',
  (number) => {
    const error = `it writes the whole number ${number} otherwise than engines do`;
    const document = `{"e":"1e0","a":[true,-1.5,${number}]}`;
    expect(parseStrictJson(document, 'it', 100, 'as Go')).toEqual(
      number === '1e400'
        ? { ok: true, value: { e: '1e0', a: [true, -1.5, Infinity] } }
        : { ok: false, error },
    );
    expect(parse(document).ok).toBe(true);
  },
);

test('what is alike to all is read', () => {
  expect(
    parse('{"a":{"a":{"a":"\\ud83d\\ude00"}},"A":[{"b":1},{"b":2}],"":"\\"a\\":1,\\\\"}'),
  ).toEqual({
    ok: true,
    value: { a: { a: { a: '😀' } }, A: [{ b: 1 }, { b: 2 }], '': '"a":1,\\' },
  });
});

describe('any document', () => {
  test('is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t'), (text, space) => {
        const spaced = JSON.stringify(JSON.parse(text), null, space);
        expect(parse(Buffer.from(spaced))).toEqual({
          ok: true,
          value: JSON.parse(spaced) as unknown,
        });
      }),
      { numRuns: 500 },
    );
  });

  test('is refused once a key of it is repeated, however it is spelled, wherever it is', () => {
    const escaped = (key: string): string =>
      `"${Array.from(key, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`;
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-zA-Z_."\\{}[\]:,]{1,8}$/),
        fc.jsonValue({ maxDepth: 3 }),
        fc.jsonValue({ maxDepth: 3 }),
        fc.boolean(),
        fc.array(fc.constantFrom('[', '{"x":', '[{"y":[],"z":'), { maxLength: 4 }),
        (key, first, second, isEscaped, around) => {
          const again = isEscaped ? escaped(key) : JSON.stringify(key);
          const inner = `{${JSON.stringify(key)}: ${JSON.stringify(first)} ,${again}:${JSON.stringify(second)}}`;
          const text = around.reduceRight(
            (within, open) =>
              `${open}${within}${open === '[' ? ']' : open === '{"x":' ? '}' : '}]'}`,
            inner,
          );
          const read = parse(text);
          expect(read.ok ? 'read' : read.error).toMatch(/twice$/);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('of any bytes ends in a value or an error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }),
          fc.string().map((text) => Buffer.from(text)),
        ),
        (noise) => {
          expect(typeof parse(noise).ok).toBe('boolean');
        },
      ),
    );
  });

  test('takes time that grows with its length alone', () => {
    const escapes = '\\\\'.repeat(2_000_000);
    const keys = Array.from({ length: 200_000 }, (_, i) => `"${i}":{}`).join(',');
    const texts = [`{"a":"${escapes}","b":"${'\\"'.repeat(2_000_000)}"}`, `{${keys}}`];
    let ok: readonly boolean[] = [];
    const taken = cpuMs(() => (ok = texts.map((text) => parse(text, 1e8).ok)));
    expect(ok).toEqual([true, true]);
    expect(taken).toBeLessThan(5000);
  });
});
