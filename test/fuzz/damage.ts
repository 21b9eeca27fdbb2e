import fc from 'fast-check';

export type Edit =
  | { readonly how: 'set'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly how: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly how: 'delete'; readonly at: number; readonly length: number }
  | { readonly how: 'repeat'; readonly at: number; readonly length: number }
  | { readonly how: 'copy'; readonly at: number; readonly length: number; readonly to: number };

/** A place, as a part of the whole. */
export const at = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
/** A change of bytes at a place that is told as a part of the whole. */
export const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({
    how: fc.constant('set' as const),
    at,
    bytes: fc
      .oneof(
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        // Numbers at their bounds, of both byte orders.
        fc.constantFrom(
          ...['00', 'ff', '7f', '80', '0a', '0b', '0000', 'ffff', '0001', '0100', '00000000'],
        ),
        fc.constantFrom('ffffffff', '7fffffff', '00000001', '01000000', '8000000000000000'),
      )
      .map((bytes) => (typeof bytes === 'string' ? Buffer.from(bytes, 'hex') : bytes)),
  }),
  fc.record({
    how: fc.constant('insert' as const),
    at,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 600 }),
  }),
  fc.record({ how: fc.constant('delete' as const), at, length: fc.integer({ min: 1, max: 1024 }) }),
  fc.record({ how: fc.constant('repeat' as const), at, length: fc.integer({ min: 1, max: 2048 }) }),
  fc.record({
    how: fc.constant('copy' as const),
    at,
    length: fc.integer({ min: 1, max: 4096 }),
    to: at,
  }),
);

/** The bytes with the changes made, one after the other. */
export function damaged(bytes: Buffer, edits: readonly Edit[]): Buffer {
  let result = bytes;
  for (const one of edits) {
    const place = Math.floor(one.at * result.length);
    const before = result.subarray(0, place);
    const after = result.subarray(place);
    if (one.how === 'set')
      result = Buffer.concat([before, one.bytes, after.subarray(one.bytes.length)]);
    else if (one.how === 'copy') {
      const to = Math.floor(one.to * result.length);
      const copied = result.subarray(to, to + one.length);
      result = Buffer.concat([before, copied, after.subarray(copied.length)]);
    } else if (one.how === 'insert') result = Buffer.concat([before, one.bytes, after]);
    else if (one.how === 'delete') result = Buffer.concat([before, after.subarray(one.length)]);
    else result = Buffer.concat([before, after.subarray(0, one.length), after]);
  }
  return result;
}
