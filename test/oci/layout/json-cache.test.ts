import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createBytesCache, createCache } from '../../../src/oci/layout/json-cache.ts';
import { temporaryFolder } from '../../fakes/layouts.ts';

test('keeps values by key and schema', async () => {
  const dir = temporaryFolder();
  const cache = createCache(dir, 1);
  expect(await cache.get('a')).toBeUndefined();
  await cache.set('a', { n: [1] });
  await cache.set('a', { n: [2] });
  expect(await cache.get('a')).toEqual({ n: [2] });
  expect(await createCache(dir, 2).get('a')).toBeUndefined();
});

test.each(['', '{', '[]', '{"key":"other","value":1}', '{"key":"a"}', 'null'])(
  'a corrupt entry (%j) is absent, and written anew',
  async (text) => {
    const dir = temporaryFolder();
    const cache = createCache(dir, 1);
    await cache.set('a', 1);
    const [name = ''] = readdirSync(join(dir, 'v1'));
    writeFileSync(join(dir, 'v1', name), text);
    expect(await cache.get('a')).toBeUndefined();
    await cache.set('a', 2);
    expect(await cache.get('a')).toBe(2);
  },
);

test('keeps bytes by key and schema; those of another key, or cut in it, are absent', async () => {
  const dir = temporaryFolder();
  const cache = createBytesCache(dir, '1.2');
  expect(await cache.get('a b')).toBeUndefined();
  await cache.set('a b', Buffer.from([0, 10, 255]));
  expect(await cache.get('a b')).toEqual(Buffer.from([0, 10, 255]));
  expect(await createBytesCache(dir, '1.3').get('a b')).toBeUndefined();
  const [name = ''] = readdirSync(join(dir, 'v1.2'));
  for (const text of ['', 'a b', 'a c\nx']) {
    writeFileSync(join(dir, 'v1.2', name), text);
    expect(await cache.get('a b')).toBeUndefined();
  }
});
