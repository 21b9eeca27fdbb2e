import { expect, test } from 'vitest';
import { normalisePlatform } from '../../src/build/normalise-built.ts';
import { openCache } from '../../src/image/caches.ts';
import { openStore } from '../../src/image/layout/store.ts';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { ruleSet } from '../../src/normalize/catalogue.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { layerTar } from '../fakes/tar-bytes.ts';

test('a layer that is rewritten tells the bytes that were read of it; one that is known tells nothing', async () => {
  const { blobs } = await openStore(temporaryFolder());
  const tar = layerTar({ large: 'x'.repeat(3_000_000) });
  const layer = { mediaType: MEDIA_TYPE.layer, ...(await blobs.write(tar)) };
  const config = {
    ...{ architecture: 'amd64', os: 'linux' },
    rootfs: { type: 'layers' as const, diff_ids: [digestOf(tar)] },
    history: [{ created_by: 'RUN x' }],
  };
  const stored = {
    mediaType: MEDIA_TYPE.config,
    ...(await blobs.write(Buffer.from(JSON.stringify(config)))),
  };
  const manifest = {
    schemaVersion: 2 as const,
    mediaType: MEDIA_TYPE.manifest,
    config: stored,
    layers: [layer],
  };
  const descriptor = {
    mediaType: MEDIA_TYPE.manifest,
    ...(await blobs.write(Buffer.from(JSON.stringify(manifest)))),
  };
  const cache = openCache({ paths: { cache: temporaryFolder() } }, 'layers', 'test');
  const normalised = async () => {
    const read: (readonly [string, number, number])[] = [];
    const { rewritten } = await normalisePlatform(
      { descriptor, manifest, config, provenance: undefined },
      {
        ...{ blobs, cache, rules: ruleSet('safe'), compression: 'gzip' as const, epoch: 0 },
        ...{ created: '1970-01-01T00:00:00Z', annotations: () => ({}), bases: [] },
        fileTime: undefined,
        signal: new AbortController().signal,
        onRead: (...told) => read.push(told),
      },
    );
    return { rewritten, read };
  };
  const first = await normalised();
  expect(first.rewritten).toBe(1);
  expect(first.read.length).toBeGreaterThan(1);
  expect(first.read.at(-1)).toEqual([layer.digest, tar.length, tar.length]);
  expect(first.read.map(([, done]) => done)).toEqual(
    first.read.map(([, done]) => done).toSorted((a, b) => a - b),
  );
  expect(await normalised()).toEqual({ rewritten: 0, read: [] });
});
