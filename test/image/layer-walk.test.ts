import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type LayerSource, walkLayer } from '../../src/image/walk/layer-walk.ts';
import { UserError } from '../../src/lib/errors.ts';
import {
  type ContentRequest,
  type LayerCollector,
  MEDIA_TYPE,
  type WalkedLayer,
} from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { chunksOf, entry, layerTar, tarOf } from '../fakes/tar-bytes.ts';
import { zstdFrame, zstdRepeat, zstdSkipped } from '../fakes/zstd-frames.ts';

type Seen = readonly [path: string, content: string | undefined, truncated: boolean];

function collector(wants: (path: string) => ContentRequest): LayerCollector<Seen[]> {
  const seen: Seen[] = [];
  return {
    name: 'test',
    wants: ({ path }) => wants(path),
    visit: ({ path }, content, truncated) =>
      seen.push([path, content && Buffer.from(content).toString(), truncated]),
    finish: () => seen,
  };
}

const all = (): LayerCollector<Seen[]> => collector(() => ({ want: 'all', cap: 1000 }));

function walk(
  blob: Uint8Array,
  collectors: readonly LayerCollector<unknown>[],
  more: Partial<LayerSource> & { chunk?: number } = {},
): Promise<WalkedLayer> {
  const { chunk = 65_536, ...rest } = more;
  return walkLayer({
    open: () => chunksOf(blob, chunk),
    mediaType: MEDIA_TYPE.layerGzip,
    collectors,
    expectedDigest: digestOf(blob),
    ...rest,
  });
}

const tar = layerTar({
  'etc/os-release': 'ID=debian',
  './usr/bin/x': 'x'.repeat(2000),
  'c/empty': '',
});

describe('walkLayer', () => {
  const [start, rest] = [tar.subarray(0, 700), tar.subarray(700)];
  const frames = [zstdSkipped(Buffer.from('toc')), zstdFrame(start), zstdFrame(rest)];
  test.each<[string, Uint8Array]>([
    ['plain', tar],
    ['gzip', gzipSync(tar)],
    ['gzip of two members', Buffer.concat([gzipSync(start), gzipSync(rest)])],
    ['zstd', zstdFrame(tar)],
    ['zstd of several frames', Buffer.concat(frames)],
  ])('%s', async (_name, blob) => {
    for (const chunk of [1, 100, 65_536]) {
      const seen = all();
      const walked = await walk(blob, [seen], { chunk, expectedDiffId: digestOf(tar) });
      expect(walked).toEqual({ digest: digestOf(blob), diffId: digestOf(tar), entries: 3 });
      expect(seen.finish()).toEqual([
        ['etc/os-release', 'ID=debian', false],
        ['usr/bin/x', 'x'.repeat(1000), true],
        ['c/empty', '', false],
      ]);
    }
  });

  test('content is right where it comes in several pieces', async () => {
    const long = Array.from({ length: 150_000 }, (_, i) => i * 7).join(' ');
    const files = { a: long, b: 'short', c: long.slice(5), d: long.slice(0, 300_001) };
    const whole = collector(() => ({ want: 'all', cap: 10_000_000 }));
    const head = collector(() => ({ want: 'head', bytes: 400_000 }));
    await walk(gzipSync(layerTar(files)), [whole, head]);
    const short = (seen: readonly Seen[]): unknown =>
      seen.map(([path, content = '', truncated]) => [
        path,
        digestOf(Buffer.from(content)),
        truncated,
      ]);
    expect(short(whole.finish())).toEqual(
      short(Object.entries(files).map(([p, c]) => [p, c, false])),
    );
    expect(short(head.finish())).toEqual(
      short(Object.entries(files).map(([p, c]) => [p, c.slice(0, 400_000), c.length > 400_000])),
    );
  });

  test('the root is nobody’s, and a global pax header is not a file', async () => {
    const seen = all();
    const bytes = tarOf([
      { entry: entry({ name: './', type: 'directory' }) },
      {
        entry: entry({ name: 'pax', type: 'other', typeflag: 'g', size: 6 }),
        content: Buffer.from('6 a=b\n'),
      },
      { entry: entry({ name: 'a' }) },
    ]);
    await walk(bytes, [seen]);
    expect(seen.finish().map(([path]) => path)).toEqual(['pax', 'a']);
  });

  test('a path out of the image is an error, its name shown without control characters', async () => {
    const bytes = tarOf([{ entry: entry({ name: '../\u001b[31m\u202eetc' }) }]);
    await expect(walk(bytes, [])).rejects.toThrow(
      'a layer names a path outside the image: "../\\u001b[31m\\u202eetc"',
    );
  });

  test('a path is as long as engines unpack below their own folders', async () => {
    const named = (length: number): Uint8Array =>
      tarOf([{ entry: entry({ name: `${'n/'.repeat(1999)}${'n'.repeat(length - 3998)}` }) }]);
    const seen = all();
    await walk(named(4000), [seen]);
    expect(seen.finish().map(([path]) => path.length)).toEqual([4000]);
    await expect(walk(named(4001), [])).rejects.toThrow('a path longer than 4000 bytes');
  });

  const packed = gzipSync(tar);
  const bad = Buffer.concat([packed.subarray(0, 20), Buffer.alloc(500, 0xff)]);
  const encrypted = 'application/vnd.oci.image.layer.v1.tar+encrypted';
  const ratio = { limits: { ratioFrom: 1e6 } };
  test.each<[string, Uint8Array, Partial<LayerSource>, RegExp]>([
    ['another blob', tar, { expectedDigest: digestOf('other') }, /has other content/],
    ['another diffID', packed, { expectedDiffId: digestOf('other') }, /unpacks to/],
    ['a cut gzip', packed.subarray(0, 60), {}, /cannot be read: unexpected end of file/],
    ['no gzip', bad, {}, /cannot be read/],
    ['no tar', gzipSync('<html>'.repeat(200)), {}, /cannot be read: checksum/],
    ['too many entries', tar, { limits: { maxEntries: 2 } }, /more than 2 entries/],
    ['names too long', tar, { limits: { maxNameLength: 20 } }, /names in a layer are longer/],
    ['a bomb of zstd', zstdRepeat(0, 400), ratio, /250 times its size/],
    ['too many bytes', packed, { limits: { maxBytes: 1000 } }, /unpacks to more than 1000/],
    ['a bomb', gzipSync(Buffer.alloc(20_000_000)), ratio, /250 times its size/],
    ['an encrypted layer', tar, { mediaType: encrypted }, /is encrypted/],
  ])('refuses %s', async (_name, blob, more, message) => {
    const walking = walk(blob, [all()], more);
    await expect(walking).rejects.toThrow(message);
    await expect(walking).rejects.toBeInstanceOf(UserError);
  });

  test('an empty layer has no entries', async () => {
    expect(await walk(new Uint8Array(0), [])).toMatchObject({ entries: 0 });
    expect(await walk(gzipSync(tarOf([])), [])).toMatchObject({ entries: 0 });
  });

  test('an abort ends the walk', async () => {
    const walking = walk(gzipSync(tar), [], { signal: AbortSignal.abort() });
    await expect(walking).rejects.toHaveProperty('name', 'AbortError');
  });
});
