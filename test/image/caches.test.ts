import {
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { boundCaches, openCache } from '../../src/image/caches.ts';
import type { PipelineEvent } from '../../src/model/events.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

function home(): { readonly paths: { readonly cache: string }; readonly emit: () => void } {
  return { paths: { cache: temporaryFolder() }, emit: () => undefined };
}

test('keeps values by key and schema', async () => {
  const there = home();
  const cache = openCache(there, 'facts', 1);
  expect(await cache.get('a')).toBeUndefined();
  await cache.set('a', { n: [1] });
  await cache.set('a', { n: [2] });
  expect(await cache.get('a')).toEqual({ n: [2] });
  expect(await openCache(there, 'facts', 2).get('a')).toBeUndefined();
  expect(await openCache(there, 'results', 1).get('a')).toBeUndefined();
});

test.each(['', '{', '[]', '{"key":"other","value":1}', '{"key":"a"}', 'null'])(
  'a corrupt entry (%j) is absent, and written anew',
  async (text) => {
    const there = home();
    const cache = openCache(there, 'facts', 1);
    await cache.set('a', 1);
    const folder = join(there.paths.cache, 'facts/v1');
    const [name = ''] = readdirSync(folder);
    writeFileSync(join(folder, name), text);
    expect(await cache.get('a')).toBeUndefined();
    await cache.set('a', 2);
    expect(await cache.get('a')).toBe(2);
  },
);

describe('a cache that cannot be written is said once, and is no error', () => {
  const SAID = {
    file: 'a file is where a folder should be, at or above',
    loop: 'symbolic links form a loop at',
    entry: 'a folder is where a file should be:',
    full: 'no space left on the disk while writing',
  };

  test.each(Object.entries(SAID))('%s', async (what, said) => {
    const cache = temporaryFolder();
    const events: PipelineEvent[] = [];
    const there = { paths: { cache }, emit: (event: PipelineEvent) => void events.push(event) };
    const results = openCache(there, 'results', 1);
    const folder = join(cache, 'results');
    if (what === 'file') writeFileSync(folder, '');
    if (what === 'loop') symlinkSync('results', folder);
    if (what === 'entry') {
      await results.set('a', 1);
      const [name = ''] = readdirSync(join(folder, 'v1'));
      rmSync(join(folder, 'v1', name));
      mkdirSync(join(folder, 'v1', name));
    }
    if (what === 'full') {
      mkdirSync(join(folder, 'v1'), { recursive: true });
      const full = { code: 'ENOSPC', path: folder };
      const value = {
        toJSON: () => {
          throw Object.assign(new Error('ENOSPC: no space left on device, write'), full);
        },
      };
      await results.set('a', value);
    }
    await results.set('a', 1);
    await openCache(there, 'results', 2).set('b', 2);
    expect(events).toEqual([
      expect.objectContaining({
        kind: 'warning',
        text: expect.stringMatching(
          `^what was found out is not kept for the next run: .*${said}`,
        ) as string,
      }),
    ]);
    if (what !== 'full') expect(await results.get('a')).toBeUndefined();
  });
});

describe('limits', () => {
  const NAMES = [
    ...['bases', 'clock-images', 'clock-starts', 'documents', 'facts', 'images'],
    ...['last-scorecards', 'layers', 'other-seeds', 'own-statements', 'proofs', 'public-halves'],
    ...['reports', 'results', 'second-builds', 'vulnerabilities'],
  ] as const;

  /** A sparse file that was last used so many seconds ago. */
  function fill(path: string, megabytes: number, ago: number): void {
    const file = join(path, `${megabytes}-${ago}.json`);
    mkdirSync(path, { recursive: true });
    writeFileSync(file, '');
    truncateSync(file, megabytes * 1024 * 1024);
    const then = new Date(Date.now() - ago * 1000);
    utimesSync(file, then, then);
  }

  test.each(NAMES)('%s is trimmed, whatever its schema', async (name) => {
    const cache = temporaryFolder();
    fill(join(cache, name, 'v1'), 1025, 2);
    fill(join(cache, name, 'v2'), 1, 1);
    expect(await boundCaches(cache)).toBe(1025 * 1024 * 1024);
    expect(readdirSync(join(cache, name, 'v1'))).toEqual([]);
    expect(statSync(join(cache, name, 'v2', '1-1.json')).size).toBe(1024 * 1024);
  });

  test('what is no cache stays, and a file in the place of one is none', async () => {
    const cache = temporaryFolder();
    fill(join(cache, 'fetches', 'v1'), 2000, 2);
    writeFileSync(join(cache, 'results'), '');
    expect(await boundCaches(cache)).toBe(0);
    expect(readdirSync(join(cache, 'fetches', 'v1'))).toHaveLength(1);
  });
});
