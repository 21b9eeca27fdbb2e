import { expect, test } from 'vitest';
import { openArchiveStream } from '../../src/image/archive/open-archive.ts';
import type { Descriptor, Manifest } from '../../src/model/image.ts';
import { archiveWithTrick, MEMBER_TRICKS } from '../differential/documents/odd-members.ts';
import { archiveOf, ImageBytes } from '../fakes/images.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { chunksOf, entry, tarOf } from '../fakes/tar-bytes.ts';

// Docker 26.1 loads `evil` from each of these: its classic store unpacks the archive, and goes by
// manifest.json.

const folder = temporaryFolder;
const TWO = 'FILE contains two images: one by index.json, another by manifest.json';
const LINKS = 'FILE has links that readers follow to different files';
const TWICE = 'FILE contains two files named manifest.json';
const AMD = { os: 'linux', architecture: 'amd64' };
const NAME = 'docker.io/library/app:1';
const bytes = new ImageBytes();
const good = bytes.image({ text: 'good' });
const evil = bytes.image({ text: 'evil' });

const named = (image: Descriptor, name = NAME): Descriptor => ({
  ...image,
  annotations: { 'io.containerd.image.name': name },
});

const pathOf = ({ digest }: { readonly digest: string }): string =>
  `blobs/${digest.replace(':', '/')}`;

function saved(image: Descriptor, shown = (path: string): string => path, tag = 'app:1'): Buffer {
  const { config, layers } = JSON.parse(String(bytes.blobs.get(image.digest))) as Manifest;
  const one = { Config: shown(pathOf(config)), RepoTags: [tag], Layers: layers.map(pathOf) };
  return Buffer.from(JSON.stringify([one]));
}

function files(...entries: readonly Descriptor[]): Record<string, Buffer> {
  const whole = Object.entries(bytes.layout(entries));
  return Object.fromEntries(whole.map(([path, content]) => [path, Buffer.from(content)]));
}

/** What is opened by each way to name the signed image: without a word, by name, by digest. */
async function opened(archive: Buffer): Promise<readonly string[]> {
  const all: string[] = [];
  for (const wanted of [undefined, 'app:1', good.digest]) {
    const options = { name: 'FILE', spoolDir: folder(), wanted };
    const image = await openArchiveStream(chunksOf(archive), options).catch(
      (error: unknown) => error,
    );
    if (image instanceof Error) all.push(image.message);
    else {
      const { root, close } = image as Awaited<ReturnType<typeof openArchiveStream>>;
      all.push(root.digest);
      await close();
    }
  }
  return [...new Set(all)];
}

const ANSWERS: Readonly<Record<string, string>> = {
  'a hard link to what is replaced': TWICE,
  'there twice': TWICE,
  'of the type 7': TWO,
  'below the root': TWO,
  'a plain link': TWO,
};

test.each(Object.keys(MEMBER_TRICKS))('a manifest.json that is %s', async (trick) => {
  const archive = (hidden: Buffer): Buffer =>
    archiveWithTrick(
      { ...files(named(good)), 'manifest.json': saved(good) },
      'manifest.json',
      hidden,
      trick,
    );
  expect(await opened(archive(saved(evil)))).toEqual([ANSWERS[trick] ?? LINKS]);
});

test.each(['x/../', './/', '/', 'blobs/./..//', '../'])(
  'a config under %s is the one that Docker finds there',
  async (before) => {
    const manifest = saved(evil, (path) => `${before}${path}`);
    const archive = archiveOf({ ...files(named(good)), 'manifest.json': manifest });
    // Out of the archive, where no store finds it.
    expect(await opened(archive)).toEqual([before === '../' ? good.digest : TWO]);
  },
);

test('a config below the link of a folder', async () => {
  const manifest = saved(evil, (path) => path.replace('blobs', 'd'));
  const whole = { ...files(named(good)), 'manifest.json': manifest };
  expect(await opened(archiveOf(whole, { d: 'blobs' }))).toEqual([LINKS]);
});

test('another image that manifest.json names as the signed one, or that it alone names', async () => {
  const two = (tag: string): Buffer => {
    const list = [saved(good), saved(evil, undefined, tag)].flatMap(
      (text) => JSON.parse(String(text)) as unknown[],
    );
    return Buffer.from(JSON.stringify(list));
  };
  const both = files(named(good), named(evil, 'docker.io/library/other:1'));
  for (const [tag, answers] of [
    ['docker.io/library/app:1', [TWO]],
    ['app', [TWO]],
    ['third:1', [TWO]],
    // As `docker save app:1 other:1` writes it.
    ['other:1', [good.digest]],
  ] as const)
    expect((await opened(archiveOf({ ...both, 'manifest.json': two(tag) }))).slice(1)).toEqual(
      answers,
    );
});

test.each([
  ['by a digest', AMD, { wanted: good.digest }],
  ['by a platform', { ...AMD, architecture: 'arm64' }, { platform: AMD }],
])('an image named %s among others of its name', async (_, platform, choice) => {
  const archive = archiveOf(files(named({ ...good, platform: AMD }), named({ ...evil, platform })));
  const options = { name: 'FILE', spoolDir: folder(), ...choice };
  const image = await openArchiveStream(chunksOf(archive), options);
  expect(image.platforms.map(({ descriptor }) => descriptor.digest)).toEqual([good.digest]);
  expect(image.namesakes?.map(({ digest }) => digest)).toEqual([evil.digest]);
  await image.close();
});

test('platforms of one name, all of them asked for', async () => {
  const arm = { ...AMD, architecture: 'arm64' };
  const entries = [named({ ...good, platform: AMD }), named({ ...evil, platform: arm })];
  const options = { name: 'FILE', spoolDir: folder() };
  const image = await openArchiveStream(chunksOf(archiveOf(files(...entries))), options);
  expect(image.platforms).toHaveLength(2);
  expect(image.namesakes).toBeUndefined();
  await image.close();
});

test.each(['BZh9', '\xfd7zXZ\0'])('a tar that Docker would unpack first: %j', async (magic) => {
  const archive = Buffer.concat([
    tarOf([{ entry: entry({ name: 'x'.repeat(100) }) }]).subarray(0, 512),
    archiveOf(files(named(good))),
  ]);
  archive.write(magic, 'latin1');
  archive.fill(' ', 148, 156);
  const sum = archive.subarray(0, 512).reduce((all, byte) => all + byte, 0);
  archive.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  expect(await opened(archive)).toEqual(['FILE is not a tar archive']);
});
