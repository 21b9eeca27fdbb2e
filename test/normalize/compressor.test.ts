import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ZstdInThread } from '../../src/image/walk/decompress.ts';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { ruleSet } from '../../src/normalize/catalogue.ts';
import { LayerCompressor, openPool, type PieceCompressor } from '../../src/normalize/compressor.ts';
import { PIECE_BYTES } from '../../src/normalize/deflate/deflate.ts';
import { layerKey, normaliseLayer } from '../../src/normalize/normalise-layer.ts';
import { ZstdCompressor } from '../../src/normalize/zstd-compressor.ts';
import { EPOCH, sample, tarOf } from './sample-layer.ts';
import { noise, words } from './samples.ts';

async function compress(data: Uint8Array, cut: number, pool?: () => PieceCompressor) {
  const out: Uint8Array[] = [];
  const compressor = new LayerCompressor((chunk) => void out.push(chunk), pool);
  return finished(compressor, out, data, cut);
}

async function compressZstd(data: Uint8Array, cut: number) {
  const out: Uint8Array[] = [];
  return finished(await ZstdCompressor.open((chunk) => void out.push(chunk)), out, data, cut);
}

async function finished(
  compressor: Pick<ZstdCompressor, 'push' | 'finish' | 'close'>,
  out: readonly Uint8Array[],
  data: Uint8Array,
  cut: number,
) {
  try {
    for (let at = 0; at < data.length; at += cut)
      await compressor.push(data.subarray(at, at + cut));
    return { ...(await compressor.finish()), bytes: Buffer.concat(out) };
  } finally {
    await compressor.close();
  }
}

async function unpackedZstd(bytes: Uint8Array): Promise<Buffer> {
  const plain: Uint8Array[] = [];
  const unpacker = new ZstdInThread((chunk) => void plain.push(Uint8Array.from(chunk)));
  await unpacker.write(bytes);
  unpacker.end();
  return Buffer.concat(plain);
}

const large = Buffer.concat([words(5 * PIECE_BYTES), noise(3 * PIECE_BYTES), words(4_000_001)]);

const SAMPLES: readonly (readonly [name: string, data: Uint8Array])[] = [
  ['nothing', new Uint8Array(0)],
  ['a line', Buffer.from('hello, hello, hello\n')],
  ['text', words(300_000)],
  ['noise', noise(100_000)],
  ['zeros', new Uint8Array(3_000_000)],
  ['several pieces', large],
];
const GZIP = `
30e6fa98fb48c2b132824d1ac5e2243c0be9e9082ff32598d34d7687ca7f6c7f
6b4106b3c52bffba4648bd0351af7bdf33a039b8eb4d17d10d58c25a821e432d
770767c4289ca3b3cf58a623700ef49470e4fc377bc37fe5aad5a60f3b508d44
f050e6f2c073282c8f3b5110121404ca34c749b48ae9f226e687f1d3560b8cb5
b82f6a5af5238d133ce2d91c6bc759024a968417b407f200c6d41fd28953c484
64694e8f6d45c13c2bdeeda4dac93bbe3d9203ca62a820b8836e4cd8d6c388bb
`;
const ZSTD = `
6fb8543883dafcc2ed0934866b8b3f775231f5b0933add08bf502e9e84944cbd
caf9bad705e0c9abf03dbf41f9370a7768227321b45e80537ee87763ff201258
ca07dce01b8555cbfe9a56a75c269179aa6ab0316cba3a911086e9692cdb6e0b
8aa95b3314bb43cf3d4f84b09bcb0720d2960685a54eb059e1d26b215e9f86e7
5fea2041fd9dbeb447bb01cbd47b00486d39346ff27034332fd6d2ac38b08302
c1d4f261ead566c2094e692a8a44c929a4da4eaec64499b692fdfa321b640334
`;

// The bytes are part of what RULE_SET_VERSION stands for: a change here is a new version of it, or of
// the zstd library that package.json pins.
describe.each([
  ['gzip', compress, gunzipSync, GZIP],
  ['zstd', compressZstd, unpackedZstd, ZSTD],
] as const)('pinned %s', (_, pack, unpack, digests) => {
  test.each(SAMPLES.map((one, i) => [...one, digests.trim().split('\n')[i]] as const))(
    'of %s is always the same',
    async (_name, data, digest) => {
      const done = await pack(data, 65_536);
      expect(done.digest).toBe(`sha256:${digest ?? ''}`);
      expect(done.digest).toBe(digestOf(done.bytes));
      expect(done.size).toBe(done.bytes.length);
      expect(done.diffId).toBe(digestOf(data));
      expect(Buffer.compare(await unpack(done.bytes), data)).toBe(0);
    },
  );

  test('does not depend on how the input is cut', async () => {
    const data = words(2_500_000);
    const digests = new Set<string>();
    for (const cut of [1013, 65_536, PIECE_BYTES, data.length])
      digests.add((await pack(data, cut)).digest);
    expect(digests.size).toBe(1);
  });
});

describe('zstd', () => {
  test('does not depend on what was compressed before', async () => {
    const data = words(2_500_000);
    const { digest } = await compressZstd(data, 65_536);
    const begun = await ZstdCompressor.open(() => undefined);
    await begun.push(noise(2 * PIECE_BYTES));
    await begun.close();
    expect((await compressZstd(data, 4096)).digest).toBe(digest);
  });

  test('has one layer at a time', async () => {
    const first = await ZstdCompressor.open(() => undefined);
    onTestFinished(() => first.close());
    await expect(ZstdCompressor.open(() => undefined)).rejects.toThrow('one layer at a time');
  });
});

describe('workers', () => {
  let folder = '';
  let worker: URL;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'scoville-compress-'));
    await build({
      entryPoints: {
        'compress-worker': resolve(import.meta.dirname, '../../src/normalize/compress-worker.ts'),
      },
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      minify: true,
    });
    worker = pathToFileURL(join(folder, 'compress-worker.mjs'));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('give the same bytes, however many there are', async () => {
    const alone = await compress(large, 300_000, () => openPool(undefined));
    for (const count of [2, 3, 5]) {
      const pooled = await compress(large, 300_000, () => openPool(worker, count));
      expect(pooled.digest).toBe(alone.digest);
    }
  });

  test('one that cannot start fails the layer', async () => {
    const missing = pathToFileURL(join(folder, 'missing.mjs'));
    await expect(compress(large, 300_000, () => openPool(missing, 2))).rejects.toThrow();
  });
});

test('a layer on request: the same content under another media type, digest and key', async () => {
  const tar = tarOf([sample('a', words(10_000))]);
  const layer = (compression?: 'gzip' | 'zstd') =>
    normaliseLayer({
      open: async function* () {
        yield await Promise.resolve(tar);
      },
      epoch: EPOCH,
      copied: false,
      rules: ruleSet('safe'),
      write: () => undefined,
      ...(compression === undefined ? {} : { compression }),
    });
  const [gzip, asked, zstd] = [await layer(), await layer('gzip'), await layer('zstd')];
  expect(asked).toEqual(gzip);
  expect(zstd.mediaType).toBe(MEDIA_TYPE.layerZstd);
  expect(zstd.diffId).toBe(gzip.diffId);
  expect(zstd.digest).not.toBe(gzip.digest);
  const key = { ...gzip, epoch: EPOCH, copied: false, rules: ruleSet('safe') };
  expect(layerKey({ ...key, compression: 'gzip' })).toBe(layerKey(key));
  expect(layerKey({ ...key, compression: 'zstd' })).not.toBe(layerKey(key));
});
