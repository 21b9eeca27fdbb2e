import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/model/reference.ts';
import {
  LayerCompressor,
  openPool,
  PIECE_BYTES,
  type PieceCompressor,
} from '../../src/normalize/compressor.ts';
import { noise, words } from './samples.ts';

async function compress(data: Uint8Array, cut: number, pool?: () => PieceCompressor) {
  const out: Uint8Array[] = [];
  const compressor = new LayerCompressor((chunk) => void out.push(chunk), pool);
  try {
    for (let at = 0; at < data.length; at += cut)
      await compressor.push(data.subarray(at, at + cut));
    return { ...(await compressor.finish()), bytes: Buffer.concat(out) };
  } finally {
    await compressor.close();
  }
}

const large = Buffer.concat([words(5 * PIECE_BYTES), noise(3 * PIECE_BYTES), words(4_000_001)]);

describe('pinned gzip', () => {
  // The bytes are part of what RULE_SET_VERSION stands for: a change here is a new version of it.
  test.each([
    [
      'nothing',
      new Uint8Array(0),
      '30e6fa98fb48c2b132824d1ac5e2243c0be9e9082ff32598d34d7687ca7f6c7f',
    ],
    [
      'a line',
      Buffer.from('hello, hello, hello\n'),
      '6b4106b3c52bffba4648bd0351af7bdf33a039b8eb4d17d10d58c25a821e432d',
    ],
    ['text', words(300_000), '770767c4289ca3b3cf58a623700ef49470e4fc377bc37fe5aad5a60f3b508d44'],
    ['noise', noise(100_000), 'f050e6f2c073282c8f3b5110121404ca34c749b48ae9f226e687f1d3560b8cb5'],
    [
      'zeros',
      new Uint8Array(3_000_000),
      'b82f6a5af5238d133ce2d91c6bc759024a968417b407f200c6d41fd28953c484',
    ],
    ['several pieces', large, '64694e8f6d45c13c2bdeeda4dac93bbe3d9203ca62a820b8836e4cd8d6c388bb'],
  ])('of %s is always the same', async (_name, data, digest) => {
    const done = await compress(data, 65_536);
    expect(done.digest).toBe(`sha256:${digest}`);
    expect(done.digest).toBe(digestOf(done.bytes));
    expect(done.size).toBe(done.bytes.length);
    expect(done.diffId).toBe(digestOf(data));
    expect(Buffer.compare(gunzipSync(done.bytes), data)).toBe(0);
  });

  test('does not depend on how the input is cut', async () => {
    const data = words(2_500_000);
    const digests = new Set<string>();
    for (const cut of [1013, 65_536, PIECE_BYTES, data.length])
      digests.add((await compress(data, cut)).digest);
    expect(digests.size).toBe(1);
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
