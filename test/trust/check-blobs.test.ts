import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { openLayoutFolder } from '../../src/image/layout/open-layout.ts';
import { digestHex } from '../../src/model/reference.ts';
import { checkBlobs } from '../../src/trust/verify-image.ts';
import { ImageBytes } from '../fakes/images.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

async function opened() {
  const path = temporaryFolder();
  const bytes = new ImageBytes();
  const root = bytes.image();
  // Its blobs are there, and index.json does not list it.
  bytes.referrer(root);
  for (const [name, content] of Object.entries(bytes.layout([root]))) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  const image = await openLayoutFolder({ name: 'DIR', path });
  const [layer] = image.platforms[0].layers;
  if (layer === undefined) throw new Error('no layer');
  const file = join(path, 'blobs/sha256', digestHex(layer.blob.digest));
  return { image, layer: layer.blob, file };
}

const { signal } = new AbortController();

test('layers that are what their digests say', async () => {
  const { image } = await opened();
  await expect(checkBlobs(image, signal)).resolves.toBeUndefined();
});

test('what index.json does not list hangs on nothing', async () => {
  const { image } = await opened();
  expect(await image.attachments()).toEqual({ complete: true, found: [] });
});

test('a changed layer, a shorter one and a missing one are refused', async () => {
  const { image, layer, file } = await opened();
  writeFileSync(file, Buffer.alloc(layer.size, 1));
  await expect(checkBlobs(image, signal)).rejects.toThrow(`${layer.digest} has other content`);
  writeFileSync(file, Buffer.alloc(layer.size - 1, 1));
  await expect(checkBlobs(image, signal)).rejects.toThrow(
    `${layer.digest} has ${layer.size - 1} bytes where ${layer.size} were stated`,
  );
  rmSync(file);
  await expect(checkBlobs(image, signal)).rejects.toThrow(`DIR lacks ${layer.digest}`);
});

test('a registry is not read through: whoever pulls checks', async () => {
  const { image, file } = await opened();
  rmSync(file);
  await expect(checkBlobs({ ...image, place: 'registry' }, signal)).resolves.toBeUndefined();
});
