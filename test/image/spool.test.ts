import { readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { spooledBy } from '../../src/image/archive/spool.ts';
import type { UnpackLimits } from '../../src/image/walk/unpack-layer.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { layerTar } from '../fakes/tar-bytes.ts';

async function spooled(bytes: Uint8Array, limits: Partial<UnpackLimits> = {}) {
  await spooledBy(temporaryFolder(), 'FILE', (take) => take(bytes), limits);
}

test('a bomb is given up', async () => {
  const zeros = Buffer.concat([layerTar({ a: '1' }).subarray(0, -1024), Buffer.alloc(20_000_000)]);
  await expect(spooled(gzipSync(zeros), { ratioFrom: 1_000_000 })).rejects.toThrow(
    'FILE unpacks to more than 250 times its size',
  );
  await expect(spooled(zeros, { maxBytes: 1_000_000 })).rejects.toThrow(
    'FILE unpacks to more than 1000000 bytes',
  );
});

test('what fails leaves nothing', async () => {
  const folder = temporaryFolder();
  const filling = spooledBy(folder, 'FILE', async (take) => {
    await take(layerTar({ a: '1' }));
    throw new Error('enough');
  });
  await expect(filling).rejects.toThrow('enough');
  expect(readdirSync(folder)).toEqual([]);
});
