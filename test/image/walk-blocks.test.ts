import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fileBlocks, ownBlocks } from '../../src/image/walk/unpack-layer.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

async function* each(chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  for (const chunk of chunks) {
    await Promise.resolve();
    yield chunk;
  }
}

test('chunks of any size become blocks of one, each in memory of its own', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 30 }),
      async (chunks, size) => {
        const blocks: Uint8Array[] = [];
        for await (const block of ownBlocks(each(chunks), size)) {
          expect(block.buffer.byteLength).toBe(block.length);
          blocks.push(block);
        }
        expect(Buffer.concat(blocks).equals(Buffer.concat(chunks))).toBe(true);
        expect(blocks.slice(0, -1).every((block) => block.length === size)).toBe(true);
        expect(blocks.every((block) => block.length > 0)).toBe(true);
      },
    ),
  );
});

test('a range of a file is read, and no byte around it', async () => {
  const path = join(temporaryFolder(), 'archive');
  const bytes = Buffer.from(Array.from({ length: 2_500_000 }, (_, i) => i % 251));
  writeFileSync(path, bytes);
  for (const [start, length] of [
    [0, bytes.length],
    [512, 2_000_001],
    [7, 0],
  ] as const) {
    const parts: Buffer[] = [];
    for await (const block of fileBlocks({ path, start, length })) parts.push(Buffer.from(block));
    expect(Buffer.concat(parts).equals(bytes.subarray(start, start + length))).toBe(true);
  }
});

test('a file that ends before its range is an error', async () => {
  const path = join(temporaryFolder(), 'archive');
  writeFileSync(path, 'short');
  const read = async (): Promise<void> => {
    for await (const block of fileBlocks({ path, start: 2, length: 9 }))
      expect(block).toHaveLength(3);
  };
  await expect(read()).rejects.toThrow(`${path} ends after 5 bytes`);
});
