import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/model/digest.ts';
import {
  Abandoned,
  newRing,
  PlainReader,
  PlainWriter,
  UnpackingFailed,
} from '../../../src/oci/walk/walk-ring.ts';

// Both sides in one thread: what is written before it is read must find room. Threads that wait for
// each other are in test/pipeline/layers/inspect-layers.test.ts.
const SLOTS = 8;
const SLOT_BYTES = 256 * 1024;
const digest = digestOf('blob');
const diffId = digestOf('plain');

function read(shared: SharedArrayBuffer): {
  readonly bytes: Buffer;
  readonly starts: readonly boolean[];
  readonly digest: string;
  readonly diffId: string | undefined;
} {
  const parts: Buffer[] = [];
  const starts: boolean[] = [];
  const found = new PlainReader(shared).readInto({
    start: (isHashed) => starts.push(isHashed),
    push: (chunk) => parts.push(Buffer.from(chunk)),
  });
  return { bytes: Buffer.concat(parts), starts, ...found };
}

describe('what one side writes the other reads', () => {
  test('in order, whatever the lengths', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: SLOTS }),
        fc.boolean(),
        (chunks, isHashed) => {
          const shared = newRing();
          const writer = new PlainWriter(shared);
          writer.start(isHashed);
          for (const chunk of chunks) writer.push(chunk);
          writer.end({ digest, diffId: isHashed ? diffId : undefined });
          const found = read(shared);
          expect(found.bytes.equals(Buffer.concat(chunks))).toBe(true);
          expect([found.starts, found.digest]).toEqual([[isHashed], digest]);
          expect(found.diffId).toBe(isHashed ? diffId : undefined);
        },
      ),
    );
  });

  test('in several slots where a chunk is larger', () => {
    const shared = newRing();
    const writer = new PlainWriter(shared);
    const bytes = Buffer.from(Array.from({ length: 3 * SLOT_BYTES + 5 }, (_, i) => i % 253));
    writer.start(false);
    writer.push(bytes);
    writer.end({ digest, diffId });
    expect(read(shared).bytes.equals(bytes)).toBe(true);
  });
});

test('what was written before a failure is read, and then the failure is known', () => {
  const shared = newRing();
  const writer = new PlainWriter(shared);
  writer.start(false);
  writer.push(Buffer.from('before'));
  writer.fail();
  let seen = '';
  const reading = (): unknown =>
    new PlainReader(shared).readInto({
      start: () => undefined,
      push: (chunk) => {
        seen += Buffer.from(chunk).toString();
      },
    });
  expect(reading).toThrow(UnpackingFailed);
  expect(seen).toBe('before');
});

test('who writes learns that nobody reads', () => {
  const shared = newRing();
  const writer = new PlainWriter(shared);
  writer.start(false);
  for (let i = 0; i < SLOTS; i += 1) writer.push(Buffer.from('x'));
  new PlainReader(shared).abandon();
  expect(() => {
    writer.push(Buffer.from('y'));
  }).toThrow(Abandoned);
});
