import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openCache } from '../../src/image/caches.ts';
import { type EngineImages, openEngineImage } from '../../src/image/open-engine.ts';
import type { Descriptor, Platform } from '../../src/model/image.ts';
import { type Digest, digestOf } from '../../src/model/reference.ts';
import { archiveOf, dockerSaved, ImageBytes } from '../fakes/images.ts';
import { collect, temporaryFolder } from '../fakes/layouts.ts';

const ARM = { os: 'linux', architecture: 'arm64' };

interface Saved {
  readonly engine: EngineImages;
  readonly saves: () => number;
}

function engineOf(tar: () => Buffer): Saved {
  let saves = 0;
  const engine: EngineImages = {
    find: () => Promise.resolve(undefined),
    save: async (_id, take) => {
      saves += 1;
      const bytes = tar();
      for (let at = 0; at < bytes.length; at += 700) await take(bytes.subarray(at, at + 700));
    },
  };
  return { engine, saves: () => saves };
}

/**
 * What `docker save` writes with the containerd store: an index with attestations, and
 * manifest.json beside.
 */
function containerdStore(): { readonly tar: Buffer; readonly root: Descriptor } {
  const bytes = new ImageBytes();
  const amd = bytes.image();
  const arm = bytes.image({ platform: ARM, text: 'arm' });
  const root = bytes.index([amd, arm, bytes.attestation(amd)]);
  const files = { ...bytes.layout([root]), 'manifest.json': Buffer.from('[]') };
  return { tar: archiveOf(files), root };
}

function setUp(tar: Buffer, id: Digest) {
  const saved = engineOf(() => tar);
  const folder = temporaryFolder();
  const spoolDir = join(folder, 'spool');
  const documents = openCache({ paths: { cache: folder } }, 'documents', 1);
  const open = (platform?: Platform) =>
    openEngineImage({
      name: 'app:1',
      id,
      engine: saved.engine,
      spoolDir,
      documents,
      ...(platform === undefined ? {} : { platform }),
    });
  return { open, spoolDir, ...saved };
}

describe('the containerd store', () => {
  test('nothing is kept of an image whose platforms the engine has in part', async () => {
    const bytes = new ImageBytes();
    const arm = bytes.image({ platform: ARM, text: 'arm' });
    const root = bytes.index([bytes.image(), arm]);
    bytes.blobs.delete(arm.digest);
    const tar = archiveOf({ ...bytes.layout([root]), 'manifest.json': Buffer.from('[]') });
    const { open, saves } = setUp(tar, root.digest);
    for (let i = 0; i < 2; i++) {
      const image = await open();
      expect(image.absent).toEqual([arm]);
      await image.close();
    }
    expect(saves()).toBe(2);
  });
});

describe('what goes wrong', () => {
  test('another image under the id of what was kept', async () => {
    let tar = archiveOf(dockerSaved());
    const saved = engineOf(() => tar);
    const folder = temporaryFolder();
    const documents = openCache({ paths: { cache: folder } }, 'documents', 1);
    const options = { name: 'app', id: digestOf('id'), engine: saved.engine, documents };
    const spoolDir = join(folder, 'spool');
    await (await openEngineImage({ ...options, spoolDir })).close();
    tar = containerdStore().tar;
    const image = await openEngineImage({ ...options, spoolDir });
    const blob = image.platforms[0].layers[0]?.blob as Descriptor;
    await expect(collect(await image.openLayer(blob))).rejects.toThrow('another image than');
    await image.close();
  });

  test('an entry of the cache that is damaged is as if it were not there', async () => {
    const { tar, root } = containerdStore();
    const saved = engineOf(() => tar);
    const folder = temporaryFolder();
    const values: unknown[] = [
      'text',
      { root, documents: {}, withoutAttachments: 'x' },
      { root: { ...root, digest: 'x' }, documents: {}, withoutAttachments: 'x' },
      { root, documents: { [root.digest]: 'AAAA' }, withoutAttachments: 'x' },
      { root, documents: { [root.digest]: 5 }, withoutAttachments: 'x' },
    ];
    for (const value of values) {
      const image = await openEngineImage({
        name: 'app',
        id: root.digest,
        engine: saved.engine,
        spoolDir: join(folder, 'spool'),
        documents: { get: () => Promise.resolve(value), set: () => Promise.resolve() },
      });
      expect(image.platforms).toHaveLength(2);
      await image.close();
    }
    expect(saved.saves()).toBe(values.length);
  });

  test('a save that fails leaves nothing', async () => {
    const folder = temporaryFolder();
    const engine: EngineImages = {
      find: () => Promise.resolve(undefined),
      save: async (_id, take) => {
        await take(containerdStore().tar.subarray(0, 4096));
        throw new Error('hung up');
      },
    };
    const spoolDir = join(folder, 'spool');
    const opening = openEngineImage({ name: 'app', id: digestOf('x'), engine, spoolDir });
    await expect(opening).rejects.toThrow('hung up');
    expect(existsSync(spoolDir) ? readdirSync(spoolDir) : []).toEqual([]);
  });
});
