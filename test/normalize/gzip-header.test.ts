import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { contentAfter, EPOCH, LATER, normalised, sample } from './sample-layer.ts';
import { noise } from './samples.ts';

function gz(time: number, content: Uint8Array = Buffer.from('hello')): Buffer {
  const bytes = gzipSync(content);
  bytes.writeUInt32LE(time, 4);
  return bytes;
}

test('a time later than the epoch becomes the epoch, in a file of any size and whatever its name', async () => {
  const big = noise(3_000_000);
  const { samples } = await normalised([sample('srv/a', gz(LATER, big))], {
    maxBuffered: 1000,
    cutAt: 777,
  });
  const after = Buffer.from(samples[0]?.content ?? []);
  expect(after.readUInt32LE(4)).toBe(EPOCH);
  expect(Buffer.compare(gunzipSync(after), big)).toBe(0);
});

test('the time of a file that a COPY brought becomes the epoch too', async () => {
  const copy = await normalised([sample('srv/app.js', 'x', { mtime: 5000 })], { copied: true });
  const after = await contentAfter(sample('srv/app.js.gz', gz(5000)), {
    earlier: copy.result.trail,
  });
  expect(after.readUInt32LE(4)).toBe(EPOCH);
});

describe('left alone', () => {
  test.each([
    ['one without a time', 'srv/a.gz', gz(0)],
    ['an earlier one', 'srv/a.gz', gz(5000)],
    [
      'npm’s cache, which checks hashes',
      'root/.npm/_cacache/content-v2/sha512/aa/bb/cc',
      gz(LATER),
    ],
    ['a crate', 'usr/local/cargo/registry/cache/x/a-1.0.crate', gz(LATER)],
    ['a package of Alpine', 'srv/a.apk', gz(LATER)],
    ['an index that a Release file has the checksum of', 'srv/repo/dists/a/Packages.gz', gz(LATER)],
    ['something shorter than a header', 'srv/a.gz', gz(LATER).subarray(0, 9)],
    ['another method', 'srv/a.gz', Object.assign(gz(LATER), { 2: 7 })],
  ])('%s', async (_name, path, bytes) => {
    expect(await contentAfter(sample(path, bytes))).toEqual(bytes);
  });
});
