import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InflateSink } from '../../src/image/formats/inflate.ts';
import { MalformedRecord } from '../../src/image/formats/sqlite.ts';

interface Outcome {
  readonly text: string;
  readonly error: string | undefined;
  readonly isEnded: boolean;
}

/** What comes out of bytes that come in pieces of `size`, and what ended it early. */
function unpacked(
  bytes: Uint8Array,
  format: 'deflate' | 'gzip',
  size = bytes.length,
  inflated = 2 ** 30,
): Outcome {
  const parts: Buffer[] = [];
  let isEnded = false;
  const sink = new InflateSink(
    {
      push: (plain) => {
        parts.push(Buffer.from(plain));
        return true;
      },
      end: () => {
        isEnded = true;
      },
    },
    { entries: 1, inflated },
    format,
  );
  let error: string | undefined;
  try {
    for (let at = 0; at < bytes.length; at += size) sink.push(bytes.slice(at, at + size));
    sink.end();
  } catch (thrown) {
    if (!(thrown instanceof MalformedRecord)) throw thrown;
    error = thrown.message;
  }
  return { text: Buffer.concat(parts).toString('latin1'), error, isEnded };
}

const long = Array.from({ length: 30_000 }, (_, i) => `${i} ${(i * 7919) % 1009}\n`).join('');
const whole = { error: undefined, isEnded: true };

/**
 * A header with all that it may have: extra fields, a name, a comment, a sum of its own (RFC 1952,
 * 2.3).
 */
function withFields(packed: Buffer): Buffer {
  const fields = Buffer.from('\x05\x00extraname\0a comment\0', 'latin1');
  const head = Buffer.concat([packed.subarray(0, 10), fields]);
  head[3] = 4 | 8 | 16 | 2;
  const sum = Buffer.alloc(2);
  sum.writeUInt16LE(crc32(head) & 0xffff);
  return Buffer.concat([head, sum, packed.subarray(10)]);
}

describe('what was packed comes out', () => {
  test('whatever the pieces it comes in, in several members, with all fields of a header', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ maxLength: 200 }), fc.boolean()), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.integer({ min: 1, max: 60 }),
        (members, size) => {
          const packed = members.map(([text, isFull]) => {
            const one = gzipSync(text);
            return isFull ? withFields(one) : one;
          });
          const text = members.map(([member]) => Buffer.from(member).toString('latin1')).join('');
          expect(unpacked(Buffer.concat(packed), 'gzip', size)).toEqual({ text, ...whole });
        },
      ),
    );
  });

  test.each(['deflate', 'gzip'] as const)('of any length, %s', (format) => {
    const packed = (format === 'gzip' ? gzipSync : deflateRawSync)(long);
    for (const size of [packed.length, 8192, 1000])
      expect(unpacked(packed, format, size)).toEqual({ text: long, ...whole });
  });
});

describe('behind the end', () => {
  test('zeros of gzip and what follows them are let pass, and all that follows deflate', () => {
    for (const more of ['\0', '\0\0\0garbage']) {
      const packed = Buffer.concat([gzipSync('text'), Buffer.from(more)]);
      for (const size of [packed.length, 1])
        expect(unpacked(packed, 'gzip', size)).toEqual({ text: 'text', ...whole });
    }
    const deflated = Buffer.concat([deflateRawSync('text'), Buffer.from('garbage')]);
    for (const size of [deflated.length, 1])
      expect(unpacked(deflated, 'deflate', size)).toEqual({ text: 'text', ...whole });
  });

  test('anything else of gzip is an error, once the text before its last 8 KiB is out', () => {
    const packed = Buffer.concat([gzipSync(long), Buffer.from('garbage enough')]);
    const { text, error } = unpacked(packed, 'gzip');
    expect(error).toBe('an entry cannot be unpacked');
    expect(long.startsWith(text)).toBe(true);
    expect(text.length).toBeGreaterThan(long.length * 0.8);
  });
});

describe('damage', () => {
  const formats: readonly ['deflate' | 'gzip', Buffer][] = [
    ['deflate', deflateRawSync(long)],
    ['gzip', gzipSync(long)],
  ];

  test.each(formats)('what is cut off gives all before, %s', (format, packed) => {
    for (const length of [packed.length - 1, packed.length >> 1, 1]) {
      const { text, error, isEnded } = unpacked(packed.subarray(0, length), format);
      expect([error, isEnded]).toEqual(['an entry is cut off', true]);
      expect(long.startsWith(text)).toBe(true);
      if (length > 1) expect(text.length).toBeGreaterThan(long.length * 0.4);
    }
  });

  test.each(formats)(
    'what is damaged gives what comes before that, about, %s',
    (format, packed) => {
      const damaged = Buffer.from(packed).fill(0xff, 40_000, 40_200);
      const { text, error } = unpacked(damaged, format);
      expect(error).toMatch(/cannot be unpacked|cut off/);
      // But for the last 8 KiB that were taken.
      const before = unpacked(packed.subarray(0, 40_000 - 8192), format).text;
      expect(text.startsWith(before)).toBe(true);
      expect(before.length).toBeGreaterThan(50_000);
    },
  );

  test('of one file does nothing to the next', () => {
    const damaged = Buffer.from(gzipSync(long)).fill(0xff, 40_000, 40_200);
    for (let i = 0; i < 20; i += 1) {
      expect(unpacked(damaged, 'gzip').error).toBeDefined();
      expect(unpacked(gzipSync(long).subarray(0, 50_000), 'gzip').error).toBeDefined();
      expect(unpacked(gzipSync(`${i}`), 'gzip')).toEqual({ text: `${i}`, ...whole });
    }
  });

  test('a header of a megabyte without an end is an error', () => {
    const head = Buffer.from(gzipSync('text').subarray(0, 10));
    head[3] = 8;
    const packed = Buffer.concat([head, Buffer.alloc(2 ** 20, 'n')]);
    expect(unpacked(packed, 'gzip', 4096).error).toBe('an entry is cut off');
  });
});

test('what unpacks to more than the budget is an error', () => {
  const { text, error } = unpacked(gzipSync(Buffer.alloc(2 ** 24)), 'gzip', undefined, 2 ** 20);
  expect(error).toBe('it unpacks to too much');
  expect(text.length).toBeLessThanOrEqual(2 ** 20);
});

test('no more is unpacked once the sink wants no more', () => {
  let pushed = 0;
  const sink = new InflateSink(
    { push: () => (pushed += 1) < 3, end: () => undefined },
    { entries: 1, inflated: 2 ** 30 },
    'gzip',
  );
  expect(sink.push(gzipSync(Buffer.alloc(2 ** 24)))).toBe(false);
  sink.end();
  expect(pushed).toBe(3);
});
