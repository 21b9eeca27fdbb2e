import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  packColumns,
  unpackColumns,
} from '../../../../src/facts/filesystem/columns/kept-columns.ts';

const TYPES = { count: 'number', bytes: 'u8', large: 'f64', small: 'i32', other: 'u32' } as const;
const columns = fc.record({
  count: fc.maxSafeNat(),
  bytes: fc.uint8Array({ maxLength: 20 }),
  large: fc.float64Array({ maxLength: 5, noNaN: true }),
  small: fc.int32Array({ maxLength: 5 }),
  other: fc.uint32Array({ maxLength: 5 }),
});

test('columns are read as they were written, wherever the bytes lie', () => {
  fc.assert(
    fc.property(columns, fc.nat(9), (kept, before) => {
      const bytes = Buffer.concat([Buffer.alloc(before), packColumns(TYPES, kept)]);
      expect(unpackColumns(TYPES, bytes.subarray(before))).toEqual(kept);
    }),
  );
});

test('a part of an array is written alone', () => {
  const large = Float64Array.of(1, 2, 3).subarray(1, 2);
  const kept = { count: 1, bytes: new Uint8Array(), large, small: Int32Array.of(-1) };
  const bytes = packColumns(TYPES, { ...kept, other: new Uint32Array() });
  expect(unpackColumns(TYPES, bytes)?.large).toEqual(Float64Array.of(2));
});

test('a bit that changed, or an end that is gone, is seen', () => {
  fc.assert(
    fc.property(columns, fc.nat(), fc.nat(7), (kept, at, bit) => {
      const bytes = packColumns(TYPES, kept);
      const damaged = Buffer.from(bytes);
      const place = at % bytes.length;
      damaged.writeUInt8(damaged.readUInt8(place) ^ (1 << bit), place);
      expect(unpackColumns(TYPES, damaged)).toBeUndefined();
      expect(unpackColumns(TYPES, bytes.subarray(0, place))).toBeUndefined();
    }),
  );
});
