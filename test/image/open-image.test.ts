import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../src/image/layout/store.ts';
import type { EngineImages } from '../../src/image/open-engine.ts';
import { openImage, type OpenOptions, parseImageName } from '../../src/image/open-image.ts';
import { writeBundleReferrer } from '../../src/image/referrers.ts';
import { UserError } from '../../src/lib/errors.ts';
import type { Descriptor } from '../../src/model/image.ts';
import { parseReference } from '../../src/model/reference.ts';
import { archiveOf, ImageBytes } from '../fakes/images.ts';
import { makeImage, makeIndex, temporaryFolder } from '../fakes/layouts.ts';
import { clientOf, registryOf } from '../fakes/registries.ts';

const NONE: EngineImages = {
  find: () => Promise.resolve(undefined),
  save: () => Promise.reject(new Error('nothing to save')),
};

async function setUp(options: Partial<OpenOptions> = {}) {
  const registry = await registryOf();
  const bytes = new ImageBytes();
  const root = bytes.image();
  for (const blob of bytes.blobs.values()) registry.putBlob('app', blob);
  const manifest = bytes.blobs.get(root.digest) ?? Buffer.alloc(0);
  registry.putManifest('app', 'latest', manifest, root.mediaType);
  const folder = temporaryFolder();
  const all: OpenOptions = {
    order: ['store', 'engine', 'registry'],
    client: (host) => clientOf({ host }),
    engine: NONE,
    store: () => openStore(join(folder, 'store')),
    stdin: () => {
      throw new Error('stdin was read');
    },
    spoolDir: join(folder, 'spool'),
    run: () => Promise.reject(new Error('a tool was started')),
    ...options,
  };
  const open = async (text: string) => openImage(await parseImageName(text, folder), all);
  return { open, registry, folder, root, name: `${registry.host}/app` };
}

async function stored(folder: string, name: string): Promise<Descriptor> {
  const store = await openStore(join(folder, 'store'));
  const build = await store.newBuild();
  const image = await makeImage(store.blobs, [{ a: '1' }]);
  const index = await makeIndex(store.blobs, [image.manifest]);
  const bundle = Buffer.from('{}');
  const referrer = await writeBundleReferrer(store.blobs, {
    subject: index,
    bundle,
    predicateType: 'x',
  });
  const reference = parseReference(name);
  if (!reference.ok) throw new Error(reference.error);
  await build.finish({ manifests: [index], names: [reference.value], referrers: [referrer] });
  return index;
}

const engineWith = (tar: Buffer, root: Descriptor): EngineImages => ({
  find: (image) => Promise.resolve(image === 'other' ? undefined : { id: root.digest }),
  save: (_id, take) => take(tar),
});

describe('a name without a place', () => {
  test('the first place of the order that has it', async () => {
    const { open, folder, name, root } = await setUp();
    expect((await open(name)).place).toBe('registry');
    expect((await open(name)).root.digest).toBe(root.digest);
    const index = await stored(folder, `${name}:latest`);
    const image = await open(name);
    expect(image.place).toBe('store');
    expect(image.root.digest).toBe(index.digest);
    expect((await image.attachments()).found.map((a) => a.kind)).toEqual(['referrer']);
    expect((await open(`${name}@${index.digest}`)).place).toBe('store');
  });

  test('the engine before the registry', async () => {
    const bytes = new ImageBytes();
    const root = bytes.image();
    const tar = archiveOf(bytes.layout([root]));
    const { open, name, registry } = await setUp({ engine: engineWith(tar, root) });
    const image = await open(name);
    expect(image.place).toBe('engine');
    expect(registry.requests).toEqual([]);
    await image.close();
  });

  test('an engine that does not answer hides no registry, and is named where that has none either', async () => {
    const engine: EngineImages = {
      ...NONE,
      find: () => Promise.reject(new UserError('cannot connect to Docker')),
    };
    const { open, name } = await setUp({ engine });
    expect((await open(name)).place).toBe('registry');
    await expect(open(`${name}:2`)).rejects.toThrow(
      /has no app:2; Docker's store was not asked: cannot connect to Docker$/,
    );
  });

  test('none of the places', async () => {
    const { open, name } = await setUp({ order: ['engine', 'store'] });
    await expect(open(name)).rejects.toThrow(`${name} not found in engine or store`);
  });
});

describe('a name with its place', () => {
  test('is looked for there only', async () => {
    const { open, name, folder } = await setUp();
    await stored(folder, `${name}:latest`);
    expect((await open(`registry:${name}`)).place).toBe('registry');
    expect((await open(`store:${name}`)).place).toBe('store');
    await expect(open(`docker:${name}`)).rejects.toThrow(`Docker's store has no ${name}`);
    await expect(open(`store:${name}:9`)).rejects.toThrow('the layout of builds has no');
  });
});
