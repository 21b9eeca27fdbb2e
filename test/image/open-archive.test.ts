import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ArchiveOptions,
  openArchiveFile,
  openArchiveStream,
} from '../../src/image/archive/open-archive.ts';
import { walkLayer } from '../../src/image/walk/layer-walk.ts';
import { fileBlocks } from '../../src/image/walk/unpack-layer.ts';
import { UserError } from '../../src/lib/errors.ts';
import type { Descriptor, OpenedImage } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { archiveOf, dockerSaved, ImageBytes } from '../fakes/images.ts';
import { collect, failure, temporaryFolder } from '../fakes/layouts.ts';
import { chunksOf, entry, layerTar, tarOf } from '../fakes/tar-bytes.ts';

const folder = temporaryFolder;

function fileOf(bytes: Uint8Array): string {
  const path = join(folder(), 'image.tar');
  writeFileSync(path, bytes);
  return path;
}

function options(wanted?: string): ArchiveOptions & { readonly spoolDir: string } {
  return { name: 'FILE', spoolDir: join(folder(), 'spool'), wanted };
}

/** Reads every layer as a judge does: digest and diffID are verified. */
async function walked(image: OpenedImage): Promise<number> {
  let entries = 0;
  for (const { layers } of image.platforms)
    for (const { blob, diffId } of layers) {
      const layer = await walkLayer({
        open: () => image.openLayer(blob),
        mediaType: blob.mediaType,
        collectors: [],
        expectedDigest: blob.digest,
        expectedDiffId: diffId,
      });
      entries += layer.entries;
    }
  return entries;
}

async function refusal(archive: Uint8Array, wanted?: string): Promise<string> {
  return (await failure(openArchiveFile(fileOf(archive), options(wanted)))).message;
}

function layoutArchive(): { readonly tar: Buffer; readonly root: Descriptor } {
  const bytes = new ImageBytes();
  const root = bytes.image();
  return { tar: archiveOf(bytes.layout([root])), root };
}

describe('an OCI layout as an archive', () => {
  test('plain on disk: read where it lies', async () => {
    const { tar, root } = layoutArchive();
    const used = options();
    const path = fileOf(tar);
    const image = await openArchiveFile(path, used);
    expect(image.root.digest).toBe(root.digest);
    expect(image.place).toBe('archive');
    expect(await walked(image)).toBe(1);
    const blob = image.platforms[0].layers[0]?.blob as Descriptor;
    const range = await image.layerFile?.(blob);
    expect(range?.path).toBe(path);
    expect(range && digestOf(await collect(fileBlocks(range)))).toBe(blob.digest);
    expect(await image.attachments()).toEqual({ complete: true, found: [] });
    await image.close();
    expect(() => readdirSync(used.spoolDir)).toThrow();
  });

  test.each([
    [
      'gzip on disk',
      (tar: Buffer, used: ArchiveOptions) => openArchiveFile(fileOf(gzipSync(tar)), used),
    ],
    ['stdin', (tar: Buffer, used: ArchiveOptions) => openArchiveStream(chunksOf(tar), used)],
    [
      'gzip from stdin',
      (tar: Buffer, used: ArchiveOptions) => openArchiveStream(chunksOf(gzipSync(tar), 1), used),
    ],
  ])('%s: kept without a name while it is open', async (_how, open) => {
    const { tar, root } = layoutArchive();
    const used = options();
    const image = await open(tar, used);
    expect(image.root.digest).toBe(root.digest);
    expect(await walked(image)).toBe(1);
    expect(readdirSync(used.spoolDir)).toEqual([]);
    const blob = image.platforms[0].layers[0]?.blob as Descriptor;
    const range = await image.layerFile?.(blob);
    expect(range && digestOf(await collect(fileBlocks(range)))).toBe(blob.digest);
    await image.close();
  });

  test('a named pipe', async () => {
    const { tar, root } = layoutArchive();
    const path = join(folder(), 'pipe');
    execFileSync('mkfifo', [path]);
    const [image] = await Promise.all([
      openArchiveFile(path, options()),
      // Waits for the reader without keeping it from coming.
      writeFile(path, tar),
    ]);
    expect(image.root.digest).toBe(root.digest);
    await image.close();
  });

  test('entries with ./ in front, as tar -C DIR . writes them', async () => {
    const bytes = new ImageBytes();
    const root = bytes.image();
    const files = Object.entries(bytes.layout([root])).map(([name, content]) => [
      `./${name}`,
      content,
    ]);
    const image = await openArchiveFile(
      fileOf(archiveOf(Object.fromEntries(files) as Record<string, Uint8Array>)),
      options(),
    );
    expect(image.root.digest).toBe(root.digest);
    await image.close();
  });
});

describe('what docker save wrote before 25', () => {
  test('a manifest is made of it; layers are verified by diffID', async () => {
    const layers = [layerTar({ a: '1' }), layerTar({ b: '2', c: '3' })];
    const image = await openArchiveFile(fileOf(archiveOf(dockerSaved({ layers }))), options());
    expect(image.platforms[0].layers.map(({ blob }) => blob.digest)).toEqual(
      layers.map((layer) => digestOf(layer)),
    );
    expect(await walked(image)).toBe(3);
    expect(digestOf(await image.readBlob(image.root))).toBe(image.root.digest);
    expect(image.withoutAttachments).toContain('keeps no signatures');
    expect((await image.attachments()).complete).toBe(false);
    await image.close();
  });

  test('a layer that is another than the config says is found when it is read', async () => {
    const files = dockerSaved();
    const image = await openArchiveFile(
      fileOf(archiveOf({ ...files, 'layer0/layer.tar': layerTar({ 'etc/motd': 'other' }) })),
      options(),
    );
    await expect(walked(image)).rejects.toThrow('has other content');
    await image.close();
  });

  test('layers that are links to others (docker, skopeo) and compressed ones (ko, bazel)', async () => {
    const layer = layerTar({ a: '1' });
    const files = dockerSaved({ layers: [layer, layer] });
    const { 'layer1/layer.tar': dropped, ...rest } = files;
    expect(dropped).toEqual(layer);
    const linked = archiveOf(rest, { 'layer1/layer.tar': '../layer0/layer.tar' });
    const image = await openArchiveFile(fileOf(linked), options());
    expect(await walked(image)).toBe(2);
    await image.close();
    const zipped = archiveOf({
      ...dockerSaved({ layers: [layer] }),
      'layer0/layer.tar': gzipSync(layer),
    });
    const compressed = await openArchiveFile(fileOf(zipped), options());
    expect(compressed.platforms[0].layers[0]?.blob.digest).toBe(digestOf(gzipSync(layer)));
    expect(await walked(compressed)).toBe(1);
    await compressed.close();
  });

  test('one of several by name', async () => {
    const one = dockerSaved({ names: ['one:1'] });
    const two = dockerSaved({ names: ['two:1', 'two:2'], layers: [layerTar({ x: '2' })] });
    const renamed = { 'other/layer.tar': layerTar({ x: '2' }) };
    const list = (files: Readonly<Record<string, Uint8Array>>) =>
      JSON.parse(String(files['manifest.json'])) as { Layers: string[] }[];
    const manifest = [
      ...list(one),
      ...list(two).map((m) => ({ ...m, Layers: ['other/layer.tar'] })),
    ];
    const archive = archiveOf({
      ...two,
      ...one,
      ...renamed,
      'manifest.json': Buffer.from(JSON.stringify(manifest)),
    });
    expect(await refusal(archive)).toBe('FILE contains 2 images: one:1, two:1, two:2');
    const image = await openArchiveFile(fileOf(archive), options('docker.io/library/two:2'));
    expect(image.platforms[0].layers[0]?.diffId).toBe(digestOf(layerTar({ x: '2' })));
    await image.close();
    expect(await refusal(archive, 'three')).toBe(
      'FILE does not contain "three", but one:1, two:1, two:2',
    );
  });

  test('the form before 1.10 is told', async () => {
    expect(await refusal(archiveOf({ repositories: Buffer.from('{}') }))).toContain('before 1.10');
  });
});

describe('what Docker 25 saves of an image without a name', () => {
  const files = dockerSaved({ names: [] });
  const index = Buffer.from('{"schemaVersion":2,"manifests":null}');
  const layout = Buffer.from('{"imageLayoutVersion":"1.0.0"}');

  test('its index lists nothing, its manifest.json the image', async () => {
    const saved = JSON.parse(String(files['manifest.json'])) as readonly object[];
    const manifest = Buffer.from(JSON.stringify(saved.map((one) => ({ ...one, RepoTags: null }))));
    const archive = archiveOf({
      ...files,
      'manifest.json': manifest,
      'index.json': index,
      'oci-layout': layout,
    });
    const image = await openArchiveFile(fileOf(archive), options());
    expect(await walked(image)).toBeGreaterThan(0);
    await image.close();
  });

  test('an image without layers leaves their lists out', async () => {
    const config = { rootfs: { type: 'layers' } };
    const empty = dockerSaved({ layers: [], names: [], config });
    const [saved] = JSON.parse(String(empty['manifest.json'])) as readonly object[];
    const manifest = Buffer.from(JSON.stringify([{ ...saved, RepoTags: null, Layers: null }]));
    const image = await openArchiveFile(
      fileOf(archiveOf({ ...empty, 'manifest.json': manifest })),
      options(),
    );
    expect(image.platforms[0].layers).toEqual([]);
    await image.close();
  });

  test('nothing at all is an error', async () => {
    expect(await refusal(archiveOf({ 'index.json': index, 'oci-layout': layout }))).toBe(
      'FILE does not contain an image',
    );
  });
});

describe('hostile archives', () => {
  const valid = dockerSaved();

  test.each([
    ['an object', {}, ' is not a list'],
    ['empty', [], ' lists 0 images'],
    ['numbers', [1], ': [0] is not an object'],
    ['no config', [{ Layers: [] }], ' does not name a config'],
    [
      'layers of another type',
      [{ Config: 'x', Layers: 'layer0/layer.tar' }],
      ': [0].Layers is not a list',
    ],
    ['null', null, ' is not a list'],
  ])('manifest.json: %s', async (_what, manifest, wrong) => {
    expect(await refusal(archiveOf(dockerSaved({ manifest })))).toBe(
      `manifest.json of FILE${wrong}`,
    );
  });

  test('a path that leads out, absolute and circular links', async () => {
    const out = tarOf([{ entry: entry({ name: '../../etc/passwd', size: 0 }) }]);
    expect(await refusal(out)).toContain('a path outside of it');
    const { 'layer0/layer.tar': layer, ...rest } = valid;
    expect(layer).toBeDefined();
    for (const [target, why] of [
      ['/etc/passwd', 'FILE contains a link that points out of it'],
      ['../../etc/passwd', 'FILE contains a link that points out of it'],
      ['layer.tar', 'in a circle'],
      ['nowhere', 'lacks "layer0/layer.tar"'],
    ] as const)
      expect(await refusal(archiveOf(rest, { 'layer0/layer.tar': target }))).toContain(why);
  });

  test('two documents of one name', async () => {
    const { tar } = layoutArchive();
    const twice = Buffer.concat([
      archiveOf({ 'index.json': Buffer.from('{}') }).subarray(0, -1024),
      tar,
    ]);
    expect(await refusal(twice)).toBe('FILE contains two files named index.json');
  });

  test('sizes that lie, an archive that is cut off, no archive', async () => {
    const { tar } = layoutArchive();
    const lying = tarOf([{ entry: entry({ name: 'index.json', size: 2 ** 40 }) }]);
    expect(await refusal(lying)).toContain('a size in it lies');
    expect(await refusal(tar.subarray(0, tar.length - 2048 - 512))).toMatch(
      /cut off|no such|lacks/,
    );
    expect(await refusal(Buffer.from('no tar'))).toBe('FILE is not a tar archive');
    expect(await refusal(Buffer.alloc(0))).toBe('FILE is not a tar archive');
    expect(await refusal(gzipSync(Buffer.from('no tar')))).toBe('FILE is not a tar archive');
    expect(await refusal(gzipSync(tar).subarray(0, 100))).toContain('FILE cannot be unpacked');
    expect(await refusal(archiveOf({ a: Buffer.from('b') }))).toContain(
      'neither an OCI layout nor',
    );
  });

  test('sparse files, long metadata, many entries', async () => {
    const sparse = tarOf([{ entry: entry({ name: 'x', pax: { 'GNU.sparse.major': '1' } }) }]);
    expect(await refusal(sparse)).toContain('sparse');
    const long = tarOf([{ entry: entry({ name: 'x/'.repeat(5000) }) }]);
    expect(await refusal(long)).toContain('too long');
    const one = tarOf([{ entry: entry({ name: 'x' }) }]).subarray(0, 512);
    const many = Buffer.concat([...Array<Buffer>(1000).fill(one)]);
    // The same name again is one entry; each counts all the same.
    const all = Buffer.concat([...Array<Buffer>(101).fill(many)]);
    expect(await refusal(all)).toBe('FILE contains more than 100000 entries');
  });

  test('an endless stream that is no archive ends at once, and nothing stays', async () => {
    let given = 0;
    async function* endless(): AsyncIterable<Uint8Array> {
      await Promise.resolve();
      for (;;) {
        given += 1;
        yield Buffer.alloc(65_536, 'x');
      }
    }
    const used = options();
    await expect(openArchiveStream(endless(), used)).rejects.toThrow('FILE is not a tar archive');
    expect(given).toBeLessThan(5);
    expect(readdirSync(used.spoolDir)).toEqual([]);
    await expect(openArchiveStream(chunksOf(Buffer.alloc(0)), used)).rejects.toThrow(
      'nothing came',
    );
  });

  test('any damage ends in an image or a UserError', async () => {
    const archives = [layoutArchive().tar, archiveOf(valid), gzipSync(layoutArchive().tar)];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...archives),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat()),
        async (archive, changes, cut) => {
          const bytes = Buffer.from(archive);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          const part = cut === null ? bytes : bytes.subarray(0, cut % bytes.length);
          try {
            const image = await openArchiveStream(chunksOf(part), options());
            await walked(image).catch((error: unknown) => {
              expect(error).toBeInstanceOf(UserError);
            });
            await image.close();
          } catch (error) {
            expect(error).toBeInstanceOf(UserError);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
