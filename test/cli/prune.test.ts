import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { prune } from '../../src/cli/stored.ts';
import { openStore } from '../../src/image/layout/store.ts';
import { parseReference } from '../../src/model/reference.ts';
import { makeImage, temporaryFolder } from '../fakes/layouts.ts';
import { fakeIo } from './command-io.ts';

/** A home with two finished builds of one name, and 1000 bytes in its caches. */
async function home() {
  const folder = temporaryFolder();
  let clock = 1_600_000_000_000;
  const store = await openStore(join(folder, 'layout'), () => (clock += 1000));
  const name = parseReference('app:1');
  if (!name.ok) throw new Error(name.error);
  for (const text of ['old', 'new']) {
    const build = await store.newBuild();
    const { manifest } = await makeImage(store.blobs, [{ [text]: text }]);
    await build.finish({ manifests: [manifest], names: [name.value] });
    await build.release();
  }
  mkdirSync(join(folder, 'cache/facts'), { recursive: true });
  writeFileSync(join(folder, 'cache/facts/a.json'), Buffer.alloc(1000));
  const ran = async (...args: readonly string[]) => {
    const { io, out, err } = fakeIo({ env: { SCOVILLE_HOME: folder }, now: () => Date.now() });
    const code = await prune(args, io);
    return { code, out: out(), err: err() };
  };
  const left = async () => (await store.builds()).length;
  return { ran, left, cache: join(folder, 'cache') };
}

test('frees what a newer build of the same name has replaced, and leaves the caches', async () => {
  const { ran, left, cache } = await home();
  const { code, out, err } = await ran();
  expect(out).toMatch(/^freed \d+ B: 1 build, \d+ blobs?\n$/);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(await left()).toBe(1);
  expect(existsSync(cache)).toBe(true);
});

test('--dry-run says the same and removes nothing', async () => {
  const { ran, left, cache } = await home();
  const { out } = await ran('--dry-run', '--all');
  expect(out).toMatch(/^would free \d\.\d\d kB: 2 builds, /);
  expect(await left()).toBe(2);
  expect(existsSync(cache)).toBe(true);
});

test('--all takes every build and the caches, and counts their bytes; recordings stay', async () => {
  const { ran, left, cache } = await home();
  mkdirSync(join(cache, 'fetches/a'), { recursive: true });
  writeFileSync(join(cache, 'fetches/a/b'), 'recorded');
  const told = JSON.parse((await ran('--dry-run', '--json')).out) as { freedBytes: number };
  const { out } = await ran('--all', '--json');
  const result = JSON.parse(out) as { freedBytes: number; removedBuilds: string[] };
  expect(result.removedBuilds).toHaveLength(2);
  expect(result.freedBytes).toBeGreaterThan(told.freedBytes + 1000);
  expect(await left()).toBe(0);
  expect(readdirSync(cache)).toEqual(['fetches']);
  expect(existsSync(join(cache, 'fetches/a/b'))).toBe(true);
});

test('--keep and --older-than spare builds', async () => {
  const { ran, left } = await home();
  await ran('--keep', '2');
  expect(await left()).toBe(2);
  await ran('--older-than', '36500');
  expect(await left()).toBe(2);
});
