import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { boundCache, createCache } from '../../src/oci/layout/json-cache.ts';
import { boundCachesDaily, CACHE_LIMITS } from '../../src/pipeline/bound-caches.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

async function filled(dir: string, keys: readonly string[]): Promise<void> {
  const cache = createCache(dir, 1);
  for (const key of keys) await cache.set(key, 'x'.repeat(1000));
}

describe('boundCache', () => {
  test('keeps what was used last, of any schema, within the limit', async () => {
    const dir = temporaryFolder();
    await filled(dir, ['a', 'b']);
    await createCache(dir, 2).set('c', 'x'.repeat(1000));
    const old = new Date(Date.now() - 1_000_000);
    for (const name of readdirSync(join(dir, 'v1'))) utimesSync(join(dir, 'v1', name), old, old);
    expect(await boundCache(dir, 1500)).toBeGreaterThan(2000);
    expect(await createCache(dir, 2).get('c')).toBe('x'.repeat(1000));
    expect(await createCache(dir, 1).get('a')).toBeUndefined();
  });

  test('a cache that is not there frees nothing', async () => {
    expect(await boundCache(join(temporaryFolder(), 'none'), 0)).toBe(0);
  });
});

test('caches are looked at once a day', async () => {
  const cache = temporaryFolder();
  const paths = { cache, store: '', config: '', dockerConfig: '' };
  const now = Date.now();
  await boundCachesDaily({ paths, now: () => now });
  expect(readdirSync(cache)).toEqual(['bounded']);
  await filled(
    join(cache, 'proofs'),
    Array.from({ length: 1100 }, (_, i) => `key ${i}`),
  );
  const size = (): number => readdirSync(join(cache, 'proofs', 'v1')).length;
  await boundCachesDaily({ paths, now: () => now + 1000 });
  expect(size()).toBe(1100);
  await boundCachesDaily({ paths, now: () => now + 2 * 86_400_000 });
  expect(size()).toBeLessThan(1100);
  expect(size() * 1000).toBeLessThanOrEqual(CACHE_LIMITS['proofs'] ?? 0);
});
