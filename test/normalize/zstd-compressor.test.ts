import { afterEach, describe, expect, test } from 'vitest';
import { ZstdInThread } from '../../src/image/walk/decompress.ts';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { ruleSet } from '../../src/normalize/catalogue.ts';
import { layerKey, normaliseLayer } from '../../src/normalize/normalise-layer.ts';
import { ZstdCompressor } from '../../src/normalize/zstd-compressor.ts';
import { EPOCH, sample, tarOf } from './sample-layer.ts';
import { noise, words } from './samples.ts';

const MIB = 2 ** 20;
const open: ZstdCompressor[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function compress(data: Uint8Array, cut: number) {
  const out: Uint8Array[] = [];
  const compressor = await ZstdCompressor.open((chunk) => void out.push(chunk));
  open.push(compressor);
  for (let at = 0; at < data.length; at += cut) await compressor.push(data.subarray(at, at + cut));
  const done = await compressor.finish();
  await compressor.close();
  return { ...done, bytes: Buffer.concat(out) };
}

async function unpacked(bytes: Uint8Array): Promise<Buffer> {
  const plain: Uint8Array[] = [];
  const unpacker = new ZstdInThread((chunk) => void plain.push(Uint8Array.from(chunk)));
  await unpacker.write(bytes);
  unpacker.end();
  return Buffer.concat(plain);
}

const large = Buffer.concat([words(5 * MIB), noise(3 * MIB), words(4_000_001)]);

describe('pinned zstd', () => {
  // Other bytes are another version of the rule set, or of the library that package.json pins.
  test.each([
    [
      'nothing',
      new Uint8Array(0),
      '6fb8543883dafcc2ed0934866b8b3f775231f5b0933add08bf502e9e84944cbd',
    ],
    [
      'a line',
      Buffer.from('hello, hello, hello\n'),
      'caf9bad705e0c9abf03dbf41f9370a7768227321b45e80537ee87763ff201258',
    ],
    ['text', words(300_000), 'ca07dce01b8555cbfe9a56a75c269179aa6ab0316cba3a911086e9692cdb6e0b'],
    ['noise', noise(100_000), '8aa95b3314bb43cf3d4f84b09bcb0720d2960685a54eb059e1d26b215e9f86e7'],
    [
      'zeros',
      new Uint8Array(3_000_000),
      '5fea2041fd9dbeb447bb01cbd47b00486d39346ff27034332fd6d2ac38b08302',
    ],
    ['several chunks', large, 'c1d4f261ead566c2094e692a8a44c929a4da4eaec64499b692fdfa321b640334'],
  ])('of %s is always the same', async (_name, data, digest) => {
    const done = await compress(data, 65_536);
    expect(done.digest).toBe(`sha256:${digest}`);
    expect(done.digest).toBe(digestOf(done.bytes));
    expect(done.size).toBe(done.bytes.length);
    expect(done.diffId).toBe(digestOf(data));
    expect(Buffer.compare(await unpacked(done.bytes), data)).toBe(0);
  });

  test('does not depend on how the input is cut, nor on what was compressed before', async () => {
    const data = words(2_500_000);
    const digests = new Set<string>();
    for (const cut of [1013, 65_536, MIB, data.length])
      digests.add((await compress(data, cut)).digest);
    const begun = await ZstdCompressor.open(() => undefined);
    await begun.push(noise(2 * MIB));
    await begun.close();
    digests.add((await compress(data, 4096)).digest);
    expect(digests.size).toBe(1);
  });

  test('has one layer at a time', async () => {
    const first = await ZstdCompressor.open(() => undefined);
    open.push(first);
    await expect(ZstdCompressor.open(() => undefined)).rejects.toThrow('one layer at a time');
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
