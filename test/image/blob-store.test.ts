import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BlobStore } from '../../src/image/blob-store.ts';
import { digestOf } from '../../src/model/reference.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

async function storeOf(): Promise<BlobStore> {
  const store = new BlobStore(temporaryFolder());
  await store.prepare();
  return store;
}

test('a writer leaves nothing under a final name until it commits', async () => {
  const store = await storeOf();
  const writer = await store.createWriter();
  await writer.write(Buffer.from('ab'));
  expect(readdirSync(join(store.folder, 'sha256'))[0]).toMatch(/^\.tmp-/);
  await writer.write(Buffer.from('c'));
  expect(await writer.commit(digestOf('abc'))).toEqual({ digest: digestOf('abc'), size: 3 });
  await writer.abort();
  expect(readdirSync(join(store.folder, 'sha256'))).toEqual([digestOf('abc').slice(7)]);
  expect(statSync(store.path(digestOf('abc'))).mode & 0o777).toBe(0o444);
});

test('other content than expected, or an abort, leaves nothing', async () => {
  const store = await storeOf();
  const wrong = await store.createWriter();
  await wrong.write(Buffer.from('x'));
  await expect(wrong.commit(digestOf('y'))).rejects.toThrow(/has other content/);
  const aborted = await store.createWriter();
  await aborted.abort();
  expect(readdirSync(join(store.folder, 'sha256'))).toEqual([]);
});

test('a damaged, missing or too large blob is refused', async () => {
  const store = await storeOf();
  const digest = digestOf('right');
  await expect(store.read(digest)).rejects.toThrow(/is not in/);
  writeFileSync(store.path(digest), 'wrong');
  await expect(store.read(digest)).rejects.toThrow(/is damaged/);
  await expect(store.read(digest, 3)).rejects.toThrow(/larger than 3 bytes/);
  const { digest: text } = await store.write(Buffer.from('no json'));
  await expect(store.readDocument({ mediaType: 'x', digest: text, size: 1 })).rejects.toThrow(
    /has 7 bytes where 1 were stated/,
  );
});
