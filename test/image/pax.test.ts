import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatPax, parsePax, TarError } from '../../src/image/tar/tar-header.ts';

test('records are sorted and count their own length', () => {
  const bytes = formatPax(
    new Map([
      ['path', Buffer.from('a'.repeat(91))],
      ['mtime', Buffer.from('1.5')],
    ]),
  );
  expect(Buffer.from(bytes).toString()).toBe(`13 mtime=1.5\n101 path=${'a'.repeat(91)}\n`);
});

test.each(['5 a=b', '99 a=b\n', '0 a=b\n', 'x a=b\n', '6 =ab\n', '5 ab\n', '-6 a=b\n', '6 a=bc'])(
  'refuses %j',
  (text) => {
    expect(() => parsePax(Buffer.from(text))).toThrow(TarError);
  },
);

test('any bytes end in records or a TarError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        parsePax(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(TarError);
      }
    }),
  );
});
