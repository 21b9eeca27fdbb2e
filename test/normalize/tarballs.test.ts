import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ruleSet } from '../../src/normalize/catalogue.ts';
import {
  contentAfter,
  EPOCH,
  folder,
  hardlink,
  LATER,
  type Sample,
  sample,
  samplesOf,
  tarOf,
} from './sample-layer.ts';

const rules = ruleSet('aggressive');

function archive(list: readonly Sample[], time = LATER): Buffer {
  const bytes = gzipSync(tarOf(list));
  bytes.writeUInt32LE(time, 4);
  return bytes;
}

const dist = (mtime: number): Sample[] => [
  folder('dist', { mtime }),
  sample('dist/b', 'bb', { mtime, mode: 0o755, pax: { mtime: '1.5', atime: '7.25' } }),
  sample('dist/a', 'a', { mtime: mtime - 7 }),
];

test('two archives of one folder become one, whatever the times and the order of a listing', async () => {
  const first = await contentAfter(sample('srv/a.tar.gz', archive(dist(5000))), { rules });
  const second = await contentAfter(
    sample('srv/a.tar.gz', archive(dist(LATER).toReversed(), LATER + 9)),
    { rules },
  );
  expect(second).toEqual(first);
  expect(
    samplesOf(gunzipSync(first)).map(({ entry, content }) => [
      entry.name,
      entry.mode,
      entry.mtime,
      Buffer.from(content).toString(),
    ]),
  ).toEqual([
    ['dist/', 0o755, EPOCH, ''],
    ['dist/a', 0o644, EPOCH, 'a'],
    ['dist/b', 0o755, EPOCH, 'bb'],
  ]);
});

test('so do two that are not compressed; what is no tar stays', async () => {
  const plain = (list: readonly Sample[], name = 'srv/a.tar') =>
    contentAfter(sample(name, tarOf(list)), { rules });
  const first = await plain(dist(5000));
  expect(await plain(dist(LATER).toReversed())).toEqual(first);
  expect(samplesOf(first).map(({ entry }) => [entry.name, entry.mtime])).toEqual([
    ['dist/', EPOCH],
    ['dist/a', EPOCH],
    ['dist/b', EPOCH],
  ]);
  expect(await contentAfter(sample('srv/a.tar', 'text'), { rules })).toEqual(Buffer.from('text'));
  expect(await plain(dist(5000), 'usr/share/x/a.tar')).toEqual(tarOf(dist(5000)));
});

test('one that a RUN packed as NAME.tgz is one of them; safe rules leave it, as packages are published so', async () => {
  const [first, second] = [archive(dist(5000)), archive(dist(LATER))];
  const packed = (bytes: Buffer) => contentAfter(sample('dist/a.tgz', bytes), { rules });
  expect(await packed(second)).toEqual(await packed(first));
  expect(await contentAfter(sample('dist/a.tgz', second))).toEqual(second);
});

test('links stay behind what they are to', async () => {
  const list = [sample('z', 'content'), hardlink('a', 'z')];
  const after = await contentAfter(sample('srv/a.tgz.bin', archive(list)), { rules });
  expect(samplesOf(gunzipSync(after)).map(({ entry }) => entry.name)).toEqual(['z', 'a']);
});

test('of other gzip files only the header changes, to the epoch even from an earlier time', async () => {
  const bytes = gzipSync('text');
  bytes.writeUInt32LE(5000, 4);
  const after = await contentAfter(sample('srv/a.txt.gz', Buffer.from(bytes)), { rules });
  bytes.writeUInt32LE(EPOCH, 4);
  expect(after).toEqual(bytes);
});

describe('left alone', () => {
  test.each([
    ['where packages put theirs', 'usr/share/doc/x/changelog.gz', archive(dist(5), 5)],
    ['what has a checksum elsewhere', 'root/.cache/x/a.tar.gz', archive(dist(5), 5)],
    ['one cut off', 'srv/a.tar.gz', archive(dist(5), 0).subarray(0, 40)],
    [
      'one with what no new archive could say the same',
      'srv/a.tar.gz',
      archive([sample('a', 'x', { typeflag: 'V', type: 'other' })], 0),
    ],
  ])('%s', async (_name, path, bytes) => {
    expect(await contentAfter(sample(path, Buffer.from(bytes)), { rules })).toEqual(bytes);
  });

  test('all of them by safe rules', async () => {
    const bytes = archive(dist(5), 5);
    expect(await contentAfter(sample('srv/a.tar.gz', Buffer.from(bytes)))).toEqual(bytes);
  });
});
