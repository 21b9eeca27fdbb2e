import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileBlocks } from '../../src/image/walk/unpack-layer.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

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
