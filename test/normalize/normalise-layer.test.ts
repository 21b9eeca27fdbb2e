import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TarError } from '../../src/image/tar/tar-header.ts';
import type { TarEntry } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { RULE_SET_VERSION, ruleSet } from '../../src/normalize/catalogue.ts';
import { layerKey } from '../../src/normalize/normalise-layer.ts';
import {
  cut,
  EPOCH,
  folder,
  hardlink,
  LATER,
  normalised,
  type Sample,
  sample,
  tarOf,
} from './sample-layer.ts';
import { noise } from './samples.ts';

const off = ruleSet('off');
const paths = (samples: readonly Sample[]) => samples.map(({ entry }) => entry.name);

const attributes: fc.Arbitrary<Partial<TarEntry>> = fc.record(
  {
    mode: fc.integer({ min: 0, max: 0o7777 }),
    uid: fc.nat(4_000_000_000),
    gid: fc.nat(4_000_000_000),
    uname: fc.stringMatching(/^[a-zé]{0,40}$/),
    gname: fc.stringMatching(/^[a-z]{0,8}$/),
    mtime: fc.oneof(fc.integer({ min: -5, max: 5_000_000_000 }), fc.constant(1_700_000_001.25)),
    pax: fc.constantFrom<Record<string, string>[]>(
      {},
      { 'SCHILY.xattr.security.capability': '\u0001\u0000\u0000\u0002\u0000' },
      { 'SCHILY.xattr.user.a': 'b', comment: 'c' },
    ),
  },
  { requiredKeys: [] },
);
const name = fc.stringMatching(/^[a-zé_]{1,60}(\/[a-z.]{1,80}[a-z]){0,3}$/);
const samples: fc.Arbitrary<Sample> = fc.oneof(
  fc.tuple(name, fc.uint8Array({ maxLength: 3000 }), attributes).map((a) => sample(...a)),
  fc.tuple(name, attributes).map((a) => folder(...a)),
  fc.tuple(name, name, attributes).map((a) => hardlink(...a)),
  fc
    .tuple(name, name, attributes)
    .map(([n, to, a]) => sample(n, '', { ...a, type: 'symlink', typeflag: '2', linkname: to })),
  fc
    .tuple(name, attributes)
    .map(([n, a]) =>
      sample(n, '', { ...a, type: 'char', typeflag: '3', devmajor: 1, devminor: 3 }),
    ),
  fc.tuple(name, attributes).map(([n, a]) => sample(n, '', { ...a, type: 'fifo', typeflag: '6' })),
);

describe('without rules', () => {
  test('every entry, its order, attributes and bytes stay', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(samples, { maxLength: 12 }),
        fc.integer({ min: 1, max: 9000 }),
        async (list, cutAt) => {
          const tar = tarOf(list);
          const done = await normalised(tar, { rules: off, cutAt });
          expect(Buffer.compare(done.tar, tar)).toBe(0);
          expect(done.result.changed).toBe(false);
          expect(done.result.sourceDiffId).toBe(digestOf(tar));
          expect(done.result.diffId).toBe(digestOf(tar));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('with rules', () => {
  test('the same layer gives the same bytes however it arrives, and twice is once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(samples, { maxLength: 12 }),
        fc.integer({ min: 1, max: 9000 }),
        async (list, cutAt) => {
          const once = await normalised(list);
          const chopped = await normalised(list, { cutAt });
          const twice = await normalised(once.tar, { cutAt });
          expect(chopped.result.digest).toBe(once.result.digest);
          expect(twice.result.diffId).toBe(once.result.diffId);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('times that are later than the epoch, fractions and other times go; all else of an entry stays', async () => {
    const capability = { 'SCHILY.xattr.security.capability': '\u0001\u0000\u0000\u0002' };
    const { samples: after } = await normalised([
      sample('usr/bin/ping', 'elf', {
        mtime: LATER + 0.5,
        mode: 0o4755,
        uid: 3,
        uname: 'sys',
        pax: { ...capability, atime: '1', ctime: '2' },
      }),
      sample('old', 'x', { mtime: 1000.75 }),
      folder('var', { mtime: LATER }),
    ]);
    expect(after.map(({ entry }) => entry)).toEqual([
      sample('usr/bin/ping', 'elf', {
        mtime: EPOCH,
        mode: 0o4755,
        uid: 3,
        uname: 'sys',
        pax: capability,
      }).entry,
      sample('old', 'x', { mtime: 1000 }).entry,
      folder('var', { mtime: EPOCH }).entry,
    ]);
  });

  test('trap 3.2: in a COPY layer every time becomes the epoch, so that a checkout’s times do not count', async () => {
    const [a, b] = [
      await normalised([folder('app', { mtime: 5 }), sample('app/a', 'x', { mtime: 7 })], {
        copied: true,
      }),
      await normalised([folder('app', { mtime: 9 }), sample('app/a', 'x', { mtime: LATER })], {
        copied: true,
      }),
    ];
    expect(a.samples.map(({ entry }) => entry.mtime)).toEqual([EPOCH, EPOCH]);
    expect(a.result.digest).toBe(b.result.digest);
  });

  test('a RUN that changes what a COPY brought does not let the checkout’s times out again', async () => {
    const digests = new Set<string>();
    for (const checkout of [1_600_000_000, 1_650_000_000]) {
      const copy = await normalised([sample('app/a', 'x', { mtime: checkout })], { copied: true });
      const run = await normalised([sample('app/a', 'x', { mtime: checkout, uid: 10 })], {
        earlier: copy.result.trail,
      });
      expect(run.samples[0]?.entry.mtime).toBe(EPOCH);
      digests.add(run.result.digest);
    }
    expect(digests.size).toBe(1);
  });

  test('what is dropped is gone, what is emptied keeps mode and owner, both are told', async () => {
    const { samples: after, result } = await normalised([
      sample('var/cache/apt/pkgcache.bin', noise(2000)),
      sample('./var/log/dpkg.log', 'today', { mode: 0o640, gid: 4 }),
      sample('var/cache/ldconfig/aux-cache', 'inode'),
      sample('var/lib/dpkg/status', 'Package: a'),
    ]);
    expect(after).toEqual([
      {
        ...sample('./var/log/dpkg.log', '', { mode: 0o640, gid: 4, mtime: EPOCH }),
        content: Buffer.alloc(0),
      },
      { ...sample('var/lib/dpkg/status', 'Package: a', { mtime: EPOCH }) },
    ]);
    expect(result.touched).toEqual([
      { path: 'var/cache/apt/pkgcache.bin', rule: 'apt-cache' },
      { path: 'var/log/dpkg.log', rule: 'package-logs' },
      { path: 'var/cache/ldconfig/aux-cache', rule: 'ldconfig-cache' },
    ]);
  });

  test('whiteouts stay, even where a rule would drop their kind', async () => {
    const list = [
      sample('var/cache/apt/.wh.pkgcache.bin'),
      sample('root/.npm/_cacache/.wh..wh..opq'),
      sample('root/.npm/_cacache/.wh.x'),
    ];
    expect(paths((await normalised(list, { rules: ruleSet('aggressive') })).samples)).toEqual(
      paths(list),
    );
  });

  test('a cache that is dropped takes its folders along, and nothing beside it', async () => {
    const list = [
      folder('root/.npm'),
      folder('root/.npm/_cacache'),
      folder('root/.npm/_cacache/index-v5'),
      sample('root/.npm/_cacache/index-v5/ab', 'time'),
      sample('root/.npmrc', 'a=b'),
    ];
    expect(paths((await normalised(list, { rules: ruleSet('aggressive') })).samples)).toEqual([
      'root/.npm/',
      'root/.npm/_cacache/',
      'root/.npmrc',
    ]);
    expect(paths((await normalised(list)).samples)).toEqual(paths(list));
  });

  test('a hard link to a file that is dropped takes its place, further ones follow', async () => {
    const big = noise(100_000);
    const { samples: after } = await normalised([
      sample('a', 'first'),
      sample('var/lib/dpkg/status-old', big, { mode: 0o600, uid: 7 }),
      hardlink('var/lib/dpkg/diversions-old', 'var/lib/dpkg/status-old'),
      hardlink('kept', './var/lib/dpkg/diversions-old'),
      hardlink('also', 'var/lib/dpkg/status-old'),
      hardlink('b', 'a'),
    ]);
    expect(after).toEqual([
      { ...sample('a', 'first', { mtime: EPOCH }) },
      { ...sample('kept', big, { mode: 0o600, uid: 7, mtime: EPOCH }), content: Buffer.from(big) },
      { ...hardlink('also', 'kept', { mtime: EPOCH }), content: Buffer.alloc(0) },
      { ...hardlink('b', 'a', { mtime: EPOCH }), content: Buffer.alloc(0) },
    ]);
  });

  test('where the layer can be opened in the middle, a file that is needed again is read there', async () => {
    const content = noise(200_000);
    const list = [
      sample('first', 'x'.repeat(5000)),
      sample(`root/.cache/uv/${'long/'.repeat(40)}a`, content),
      sample('root/.cache/uv/empty', ''),
      hardlink('usr/lib/a', `root/.cache/uv/${'long/'.repeat(40)}a`),
      hardlink('usr/lib/empty', 'root/.cache/uv/empty'),
    ];
    const tar = tarOf(list);
    const starts: number[] = [];
    const rules = ruleSet('aggressive');
    for (const cutAt of [7, 512, 4096, tar.length]) {
      const fromStart = await normalised(list, { rules, cutAt });
      let opened = 0;
      const again = await normalised(list, {
        rules,
        open: () => {
          opened += 1;
          return cut(tar, cutAt);
        },
        openAt: (start) => {
          starts.push(start);
          return cut(tar.subarray(start), cutAt);
        },
      });
      expect(again.tar.equals(fromStart.tar)).toBe(true);
      expect(opened).toBe(1);
      const kept = again.samples.find(({ entry }) => entry.name === 'usr/lib/a');
      expect(kept?.entry.type).toBe('file');
      expect(Buffer.compare(kept?.content ?? Buffer.alloc(0), content)).toBe(0);
    }
    expect(new Set(starts).size).toBe(1);
  });

  test('trap 3.2: hard links in a COPY are reported once, and kept', async () => {
    const list = [sample('a', 'x'), hardlink('b', 'a'), hardlink('c', 'a')];
    const { result, samples: after } = await normalised(list, { copied: true });
    expect(result.reports.map(({ path, kind }) => [path, kind])).toEqual([['b', 'hard-link']]);
    expect(after.map(({ entry }) => entry.type)).toEqual(['file', 'hardlink', 'hardlink']);
    expect((await normalised(list)).result.reports).toEqual([]);
  });

  test('a file that is too large to hold passes through and is reported', async () => {
    const zip = Buffer.concat([Buffer.from('PK\u0003\u0004'), noise(5000)]);
    const { result, samples: after } = await normalised([sample('opt/app.jar', zip)], {
      maxBuffered: 4096,
    });
    expect(Buffer.compare(after[0]?.content ?? Buffer.alloc(0), zip)).toBe(0);
    expect(result.reports.map(({ path, rule, kind }) => [path, rule, kind])).toEqual([
      ['opt/app.jar', 'zip-times', 'too-large'],
    ]);
  });

  test('the user’s own patterns come first', async () => {
    const rules = ruleSet('safe', { drop: ['/srv/cache/**'], empty: ['srv/*.log'] });
    const { samples: after, result } = await normalised(
      [
        folder('srv/cache'),
        folder('srv/cache/x'),
        sample('srv/cache/x/y', '1'),
        sample('srv/a.log', '2'),
      ],
      { rules },
    );
    expect(after.map(({ entry }) => [entry.name, entry.size])).toEqual([
      ['srv/cache/', 0],
      ['srv/a.log', 0],
    ]);
    expect(result.touched.map(({ rule }) => rule)).toEqual(['own-drop', 'own-drop', 'own-empty']);
    expect(rules.id).toMatch(/^\d+-safe-[0-9a-f]{12}$/);
    expect(rules.id.startsWith(`${RULE_SET_VERSION}-`)).toBe(true);
  });

  test('the user’s own times stand in every layer, but for what other files hold the time of', async () => {
    const rules = ruleSet('safe', {
      time: { 'srv/new': '2020-02-03T04:05:06Z', 'srv/**': 'epoch' },
    });
    const list = [
      sample('srv/new', '1'),
      sample('srv/old', '2', { mtime: 5 }),
      sample('srv/old.py', '2', { mtime: 5 }),
      sample('etc/old', '2', { mtime: 5 }),
    ];
    const times = async (copied: boolean) =>
      (await normalised(list, { rules, copied })).samples.map(({ entry }) => entry.mtime);
    expect(await times(false)).toEqual([1_580_702_706, EPOCH, 5, 5]);
    expect(await times(true)).toEqual([1_580_702_706, EPOCH, EPOCH, EPOCH]);
    expect(rules.id).not.toBe(ruleSet('safe', { time: { 'srv/**': 'epoch' } }).id);
  });

  test('a layer that is cut off, or leads out of the image, fails', async () => {
    const tar = tarOf([sample('a', 'x'.repeat(2000))]);
    await expect(normalised(tar.subarray(0, 1500))).rejects.toThrow(TarError);
    await expect(normalised([sample('../etc/passwd', 'x')])).rejects.toThrow(
      'leads out of the image',
    );
  });

  test('any bytes either fail as a tar or come through', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(samples, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        fc.nat(255),
        async (list, at, byte) => {
          const tar = tarOf(list);
          tar[at % tar.length] = byte;
          const failed = await normalised(tar).then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
          if (failed !== undefined) expect(failed).toBeInstanceOf(TarError);
        },
      ),
      { numRuns: 80 },
    );
  });
});

describe('the key of a result', () => {
  const layer = {
    sourceDiffId: digestOf('a'),
    epoch: EPOCH,
    copied: false,
    rules: ruleSet('safe'),
  };
  test('tells apart all that a result depends on', () => {
    const trail = { copiedSeconds: [1], stamps: {} };
    const keys = [
      layerKey(layer),
      layerKey({ ...layer, sourceDiffId: digestOf('b') }),
      layerKey({ ...layer, epoch: EPOCH + 1 }),
      layerKey({ ...layer, copied: true }),
      layerKey({ ...layer, rules: ruleSet('aggressive') }),
      layerKey({ ...layer, earlier: trail }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(layerKey({ ...layer, earlier: { copiedSeconds: [], stamps: {} } })).toBe(
      layerKey(layer),
    );
  });
});
