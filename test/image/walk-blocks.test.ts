import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileBlocks } from '../../src/image/walk/unpack-layer.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

test('a file that ends before its range is an error', async () => {
  const path = join(temporaryFolder(), 'archive');
  writeFileSync(path, 'short');
  const read = async (): Promise<void> => {
    for await (const block of fileBlocks({ path, start: 2, length: 9 }))
      expect(block).toHaveLength(3);
  };
  await expect(read()).rejects.toThrow(`${path} ends after 5 bytes`);
});
