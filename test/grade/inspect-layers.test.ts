import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  collectWhile,
  type ImageLayer,
  inspectLayers,
  type InspectOptions,
  type LayerOrigin,
} from '../../src/grade/inspect-layers.ts';
import { UserError } from '../../src/lib/errors.ts';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { failure as failed, temporaryFolder } from '../fakes/layouts.ts';
import { chunksOf, entry, layerTar, tarOf } from '../fakes/tar-bytes.ts';
import { zstdFrame } from '../fakes/zstd-frames.ts';

interface Made {
  readonly layer: ImageLayer;
  readonly bytes: Buffer;
}

function made(tar: Buffer, pack: (tar: Buffer) => Buffer = gzipSync): Made {
  const bytes = pack(tar);
  const blob = { mediaType: MEDIA_TYPE.layerGzip, digest: digestOf(bytes), size: bytes.length };
  return { layer: { blob, diffId: digestOf(tar) }, bytes };
}

const key = `ghp_${'aB3dE5fG7hJ9'.repeat(3)}`;
const files = (name: string, count: number): Buffer =>
  layerTar(
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`${name}/${i}.txt`, `${name} ${i}\n`.repeat(i)]),
    ),
  );

const MADE: readonly Made[] = [
  made(layerTar({ 'etc/os-release': 'ID=debian\n', 'etc/passwd': 'root:x:0:0::/root:/bin/sh\n' })),
  made(files('a', 900)),
  made(files('b', 700), zstdFrame),
  made(files('c', 500), (tar) => tar),
  made(layerTar({ 'srv/settings.yaml': `token: ${key}\n` })),
  made(
    tarOf([
      { entry: entry({ name: 'a/.wh.5.txt' }) },
      { entry: entry({ name: 'bin/sh', type: 'symlink', linkname: 'busybox' }) },
    ]),
  ),
];
const LAYERS = MADE.map(({ layer }) => layer);

function bytesOf(layer: ImageLayer): Buffer {
  const found = MADE.find((one) => one.layer.blob.digest === layer.blob.digest);
  return found?.bytes ?? Buffer.alloc(0);
}

/** In pieces of no round size. */
const pieces = (bytes: Uint8Array) => chunksOf(bytes, 30_011);

const streamed: LayerOrigin = {
  openLayer: (blob) => Promise.resolve(pieces(bytesOf({ blob, diffId: blob.digest }))),
};

let folder = '';
let worker: URL;

/** The layers in files, each behind bytes that are none of its own. */
const inFiles: LayerOrigin = {
  openLayer: () => Promise.reject(new Error('it lies in a file')),
  layerFile: (blob) => {
    const path = join(folder, blob.digest.slice(7));
    writeFileSync(
      path,
      Buffer.concat([Buffer.alloc(512, 1), bytesOf({ blob, diffId: blob.digest })]),
    );
    return Promise.resolve({ path, start: 512, length: blob.size });
  },
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scoville-threads-'));
  await build({
    entryPoints: {
      'layer-worker': resolve(import.meta.dirname, '../../src/grade/layer-worker.ts'),
    },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    splitting: true,
  });
  worker = pathToFileURL(join(folder, 'layer-worker.mjs'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const signal = new AbortController().signal;

function inspect(
  layers: readonly ImageLayer[],
  origin: LayerOrigin,
  more: Partial<InspectOptions> = {},
): ReturnType<typeof inspectLayers> {
  return inspectLayers(layers, origin, { cache: undefined, signal, workerFile: worker, ...more });
}

/** A thread that does `code` when it is told anything. */
function thread(code: string): URL {
  const path = join(folder, `thread-${Math.random().toString(36).slice(2)}.mjs`);
  writeFileSync(
    path,
    `import { parentPort } from 'node:worker_threads';\nparentPort.on('message', (m) => { ${code} });\n`,
  );
  return pathToFileURL(path);
}

// Threads take long to start while other tests hold the processors.
const SLOW = { timeout: 60_000 };

describe('inspectLayers', SLOW, () => {
  test('gives the same facts with a second thread, and wherever the bytes are', async () => {
    const alone = await inspect(LAYERS, streamed, { hasThread: false });
    expect(alone.read).toBe(LAYERS.length);
    expect(alone.facts).toHaveLength(LAYERS.length);
    expect(alone.facts[4]?.secrets.map((s) => s.path)).toEqual(['srv/settings.yaml']);
    expect(alone.facts[0]?.attributes.some(({ text }) => text === 'ID=debian\n')).toBe(true);
    for (const origin of [streamed, inFiles])
      expect(await inspect(LAYERS, origin, { hasThread: true })).toEqual(alone);
  });

  test('the scan for secrets can be left out', async () => {
    for (const hasThread of [false, true]) {
      const { facts } = await inspect(LAYERS, streamed, { hasThread, secrets: false });
      expect(facts.map((f) => [f.secrets.length, f.scannedFiles])).toEqual(
        LAYERS.map(() => [0, 0]),
      );
    }
  });

  test('each layer is read once, and never again where its facts are kept', async () => {
    const cache = { paths: { cache: temporaryFolder() } };
    const twice = [...LAYERS, ...LAYERS.slice(0, 2)];
    const first = await inspect(twice, streamed, { cache, hasThread: true });
    expect([first.read, first.facts.length]).toEqual([LAYERS.length, twice.length]);
    const closed: LayerOrigin = { openLayer: () => Promise.reject(new Error('read again')) };
    expect(await inspect(twice, closed, { cache })).toEqual({ facts: first.facts, read: 0 });
    await expect(inspect(twice, closed, { cache, secrets: false })).rejects.toThrow('read again');
  });

  test('what is kept of a blob does not speak for another diffID, nor for another type', async () => {
    const cache = { paths: { cache: temporaryFolder() } };
    await inspect(LAYERS, streamed, { cache });
    const [first] = LAYERS;
    if (first === undefined) throw new Error('no layer');
    const other = { ...first, diffId: digestOf('other') };
    await expect(inspect([first, other], streamed, { cache })).rejects.toThrow(/unpacks to/);
    const encrypted = {
      ...first,
      blob: { ...first.blob, mediaType: 'application/vnd.oci.image.layer.v1.tar+encrypted' },
    };
    await expect(inspect([encrypted], streamed, { cache })).rejects.toThrow(/is encrypted/);
  });
});

/** What went wrong, in this thread or in others. */
async function failure(one: Made, hasThread: boolean): Promise<string> {
  const origin: LayerOrigin = { openLayer: () => Promise.resolve(pieces(one.bytes)) };
  return (await failed(inspect([one.layer], origin, { hasThread }))).message;
}

describe('a layer that is most of the work', SLOW, () => {
  const noise = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * i * 7919) >>> 11));
  const tar = tarOf([
    { entry: entry({ name: 'noise', size: noise.length }), content: noise },
    { entry: entry({ name: 'key', size: key.length }), content: Buffer.from(key) },
  ]);
  const packings: readonly [string, (tar: Buffer) => Buffer][] = [
    ['gzip', gzipSync],
    ['zstd', zstdFrame],
    ['none', (bytes) => bytes],
  ];

  test.each(packings)(
    'is unpacked by one thread and collected by another (%s)',
    async (_, pack) => {
      const large = made(tar, pack);
      const bytes = (blob: { digest: string }): Buffer =>
        [large, ...MADE].find(({ layer }) => layer.blob.digest === blob.digest)?.bytes ?? tar;
      const origin: LayerOrigin = { openLayer: (blob) => Promise.resolve(pieces(bytes(blob))) };
      const path = join(folder, `large-${_}`);
      writeFileSync(path, large.bytes);
      const file: LayerOrigin = {
        openLayer: () => Promise.reject(new Error('it lies in a file')),
        layerFile: ({ size }) => Promise.resolve({ path, start: 0, length: size }),
      };
      for (const layers of [[large.layer], [...LAYERS, large.layer]]) {
        const alone = await inspect(layers, origin, { hasThread: false });
        expect(await inspect(layers, origin, { hasThread: true })).toEqual(alone);
        if (layers.length === 1)
          expect(await inspect(layers, file, { hasThread: true })).toEqual(alone);
      }
    },
  );

  const whole = made(tar);
  const [half, cut] = [whole.bytes.length >> 1, whole.bytes.subarray(0, -20)];
  const damaged = Buffer.from(whole.bytes).fill(0xff, half, half + 100);
  const redone = (bytes: Buffer): Made => ({
    bytes,
    layer: { ...whole.layer, blob: { ...whole.layer.blob, digest: digestOf(bytes) } },
  });
  const plain = made(tar, (t) => t);
  const other = (one: Made): Made => ({ ...one, layer: { ...one.layer, diffId: digestOf('') } });
  const ending = Buffer.concat([tar.subarray(0, -1024), Buffer.alloc(9999, 1)]);
  const longer = Buffer.concat([whole.bytes, cut]);
  test.each<[string, Made, RegExp]>([
    ['another blob', { ...whole, bytes: longer }, /other content|cannot/],
    ['a blob that is cut off', redone(cut), /unexpected end of file/],
    ['damaged data', redone(damaged), /cannot be read/],
    ['another diffID', other(whole), /unpacks to/],
    ['another diffID of plain bytes', other(plain), /unpacks to/],
    ['a tar that is cut off', made(tar.subarray(0, 2_000_000)), /archive is cut off/],
    ['no tar at its end', made(ending), /checksum/],
    ['no tar', made(Buffer.concat([noise, noise])), /checksum|octal/],
  ])('fails by %s as in one thread', async (_, one, message) => {
    const alone = await failure(one, false);
    expect(alone).toMatch(message);
    expect(alone).toContain(one.layer.blob.digest);
    expect(await failure(one, true)).toBe(alone);
  });

  test('an abort wakes a thread that waits for the other', async () => {
    const abort = new AbortController();
    const never: LayerOrigin = {
      openLayer: () =>
        Promise.resolve(
          (async function* () {
            yield whole.bytes.subarray(0, 100_000);
            await new Promise(() => undefined);
          })(),
        ),
    };
    const waiting = inspect([whole.layer], never, { hasThread: true, signal: abort.signal });
    setTimeout(() => {
      abort.abort();
    }, 300);
    await expect(waiting).rejects.toHaveProperty('name', 'AbortError');
  });
});

describe('layers with large windows', SLOW, () => {
  const large = ['x', 'y', 'z'].map((name) => made(files(name, 900), (tar) => zstdFrame(tar, 27)));
  const layers = [...LAYERS, ...large.map(({ layer }) => layer)];
  const origin: LayerOrigin = {
    openLayer: (blob) => {
      const found = large.find(({ layer }) => layer.blob.digest === blob.digest);
      return found === undefined ? streamed.openLayer(blob) : Promise.resolve(pieces(found.bytes));
    },
  };

  test('give the same facts and take turns where several images are read at once', async () => {
    const alone = await inspect(layers, origin, { hasThread: false });
    const images = [0, 1, 2].map(() => inspect(layers, origin, { hasThread: true }));
    expect(await Promise.all(images)).toEqual([alone, alone, alone]);
  });
});

describe('a failure', SLOW, () => {
  test('of the place that gives the bytes is told as it is', async () => {
    const hungUp: LayerOrigin = {
      openLayer: () =>
        Promise.resolve(
          (async function* () {
            yield await Promise.resolve(Buffer.alloc(100));
            throw new UserError('the registry hung up', { nextStep: 'Try again.' });
          })(),
        ),
    };
    await expect(inspect(LAYERS, hungUp, { hasThread: true })).rejects.toMatchObject({
      message: 'the registry hung up',
      nextStep: 'Try again.',
    });
  });

  test.each([
    ['ends', () => thread('process.exit(0);')],
    ['throws', () => thread('throw new Error("boom");')],
    ['has no code', () => pathToFileURL(join(folder, 'missing.mjs'))],
  ])('of a thread that %s is a UserError', async (_, workerFile) => {
    for (const origin of [streamed, inFiles])
      expect(
        (await failed(inspect(LAYERS, origin, { workerFile: workerFile(), hasThread: true })))
          .message,
      ).toMatch(/the thread that read a layer ended early/);
  });

  test('an abort ends threads that are busy', async () => {
    const abort = new AbortController();
    const busy = inspect(LAYERS, inFiles, {
      workerFile: thread('for (;;);'),
      hasThread: true,
      signal: abort.signal,
    });
    setTimeout(() => {
      abort.abort();
    }, 50);
    await expect(busy).rejects.toHaveProperty('name', 'AbortError');
    await expect(
      inspect(LAYERS, inFiles, { hasThread: true, signal: abort.signal }),
    ).rejects.toHaveProperty('name', 'AbortError');
  });
});

describe('a layer that is being written', () => {
  test('has its facts then, and is not read for them later', async () => {
    const [{ layer, bytes }] = [MADE[4] as Made];
    const tar = gunzipSync(bytes);
    const home = { paths: { cache: temporaryFolder() } };
    const written = { digest: layer.blob.digest, diffId: layer.diffId };
    const same = await collectWhile(home, (push) => {
      for (let at = 0; at < tar.length; at += 700) push(tar.subarray(at, at + 700));
      return Promise.resolve(written);
    });
    expect(same).toBe(written);
    const unread = { openLayer: () => Promise.reject(new Error('it was read')) };
    const options = { signal: new AbortController().signal, workerFile: undefined };
    const kept = await inspectLayers([layer], unread, { ...options, cache: home });
    const read = await inspectLayers([layer], streamed, { ...options, cache: undefined });
    expect([kept.read, kept.facts]).toEqual([0, read.facts]);
    expect(kept.facts[0]?.secrets.map(({ path }) => path)).toEqual(['srv/settings.yaml']);
  });

  test('keeps nothing where writing fails', async () => {
    const home = { paths: { cache: temporaryFolder() } };
    const failing = collectWhile(home, () => Promise.reject(new UserError('the disk is full')));
    await expect(failing).rejects.toThrow('the disk is full');
    expect(readdirSync(home.paths.cache)).toEqual([]);
  });
});
