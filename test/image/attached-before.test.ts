import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import { openStore } from '../../src/image/layout/store.ts';
import { writeBundleReferrer } from '../../src/image/referrers.ts';
import type { Descriptor } from '../../src/model/image.ts';
import { attachedBefore } from '../../src/trust/renew-verdict.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { makeImage, temporaryFolder } from '../fakes/layouts.ts';

const NONE = { attestations: [], referrers: [] };

/** A store with builds of one image, the image, and what is known of it without reading. */
async function storeOf() {
  const home = temporaryFolder();
  let now = 1_700_000_000_000;
  const store = await openStore(join(home, 'layout'), () => (now += 1000));
  const { manifest } = await makeImage(store.blobs, [{ a: 'b' }]);
  const build = async (referrers: readonly Descriptor[]): Promise<void> => {
    const directory = await store.newBuild();
    await directory.finish({ manifests: [manifest], names: [], referrers });
    await directory.end();
  };
  const before = () =>
    attachedBefore(contextOf(fakeRun([]).run, home), store, manifest, DEFAULT_SETTINGS, {
      profiles: [],
      isProven: false,
    });
  const folder = join(home, 'cache/own-statements/v1');
  const known = () => (existsSync(folder) ? readdirSync(folder).length : 0);
  return { store, manifest, build, before, known };
}

test('an image that has nothing but its own statements is known by what it lists', async () => {
  const { build, before, known } = await storeOf();
  await build([]);
  expect(await before()).toEqual(NONE);
  expect(known()).toBe(1);
  await build([]);
  expect(await before()).toEqual(NONE);
  expect(known()).toBe(1);
});

test('one that could not be read whole is read again each time', async () => {
  const { store, manifest, build, before, known } = await storeOf();
  await build([]);
  await before();
  const bundle = Buffer.from('{}x');
  const predicateType = 'https://example.org/review';
  await build([
    await writeBundleReferrer(store.blobs, { subject: manifest, bundle, predicateType }),
  ]);
  expect(await before()).toEqual(NONE);
  expect(known()).toBe(1);
});
