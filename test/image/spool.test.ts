import { readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { spoolAll, startSpool } from '../../src/image/archive/spool.ts';
import type { UnpackLimits } from '../../src/image/walk/unpack-layer.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { layerTar } from '../fakes/tar-bytes.ts';

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  await Promise.resolve();
  yield bytes;
}

async function spooled(bytes: Uint8Array, limits: Partial<UnpackLimits> = {}) {
  const folder = temporaryFolder();
  const file = await spoolAll(await startSpool(folder, 'FILE', limits), once(bytes));
  return { folder, file };
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

test('an abort ends it', async () => {
  const folder = temporaryFolder();
  const controller = new AbortController();
  controller.abort(new Error('enough'));
  const spool = await startSpool(folder, 'FILE');
  await expect(spoolAll(spool, once(layerTar({})), controller.signal)).rejects.toThrow('enough');
  expect(readdirSync(folder)).toEqual([]);
});
