import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type LayoutStore, openStore } from '../../src/image/layout/store.ts';
import type { Descriptor } from '../../src/model/image.ts';
import { digestOf, type ImageReference, parseReference } from '../../src/model/reference.ts';
import { makeExport, makeImage, makeIndex, temporaryFolder } from '../fakes/layouts.ts';

const DAY = 24 * 60 * 60 * 1000;

function reference(text: string): ImageReference {
  const parsed = parseReference(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

async function buildOf(
  store: LayoutStore,
  text: string,
  names: readonly string[],
): Promise<{ id: string; root: Descriptor; release: () => Promise<void> }> {
  const build = await store.newBuild();
  const image = await makeImage(store.blobs, [{ base: 'the same' }, { file: text }]);
  const root = await makeIndex(store.blobs, [image.manifest]);
  await build.finish({ manifests: [root], names: names.map(reference) });
  return { id: build.id, root, release: () => build.release() };
}

describe('a build', () => {
  test.each(['finish', 'discard'] as const)(
    'is left by BuildKit’s provenance on %s, and keeps the image',
    async (way) => {
      const store = await openStore(temporaryFolder(), () => 1_700_000_000_000);
      const build = await store.newBuild();
      const { image, sbom, provenance, exported } = await makeExport(store.blobs);
      const index = { schemaVersion: 2, manifests: [exported] };
      writeFileSync(join(build.dir, 'index.json'), JSON.stringify(index));
      await (way === 'finish'
        ? build.finish({ manifests: [image.manifest], names: [] })
        : build.discard());
      const left = [provenance, sbom, image.manifest].map((one) => store.blobs.has(one.digest));
      expect(await Promise.all(left)).toEqual([false, true, true]);
    },
  );

  test('is an OCI layout over the shared blobs, one entry a name', async () => {
    const store = await openStore(temporaryFolder(), () => 1_700_000_000_000);
    const build = await store.newBuild();
    expect(readlinkSync(join(build.dir, 'blobs'))).toBe('../../blobs');
    mkdirSync(join(build.dir, 'ingest'));
    mkdirSync(join(build.dir, 'sent'));
    writeFileSync(join(build.dir, 'sent/Dockerfile'), 'FROM scratch');
    const image = await makeImage(store.blobs, [{ a: 'b' }]);
    await build.finish({
      manifests: [image.manifest],
      names: ['app', 'localhost:5000/team/app:2'].map(reference),
    });
    expect(readdirSync(build.dir).sort()).toEqual([
      'blobs',
      'build.json',
      'index.json',
      'oci-layout',
      'owner.json',
    ]);
    const index = JSON.parse(readFileSync(join(build.dir, 'index.json'), 'utf8')) as {
      manifests: Descriptor[];
    };
    expect(index.manifests.map((d) => [d.digest, d.annotations])).toEqual([
      [
        image.manifest.digest,
        {
          'io.containerd.image.name': 'docker.io/library/app:latest',
          'org.opencontainers.image.ref.name': 'latest',
        },
      ],
      [
        image.manifest.digest,
        {
          'io.containerd.image.name': 'localhost:5000/team/app:2',
          'org.opencontainers.image.ref.name': '2',
        },
      ],
    ]);
  });

  test('is found by its name, the newest first; an unfinished one is not', async () => {
    let now = 1000;
    const store = await openStore(temporaryFolder(), () => now++);
    await buildOf(store, 'old', ['app:1']);
    const { id, root } = await buildOf(store, 'new', ['app:1']);
    const unfinished = await store.newBuild();
    writeFileSync(join(unfinished.dir, 'index.json'), '{"schemaVersion":2,"manifests":[]}');
    const found = await store.findByName('docker.io/library/app:1');
    expect([found?.build.id, found?.descriptor.digest]).toEqual([id, root.digest]);
    expect(await store.findByName('docker.io/library/app:2')).toBeUndefined();
    expect((await store.builds()).length).toBe(2);
    const ids = async (about: string) => (await store.builds(about)).map((build) => build.id);
    expect(await ids(root.digest)).toEqual([id]);
    expect(await ids('docker.io/library/app:2')).toEqual([]);
    expect((await store.lastOf(root.digest))?.id).toBe(id);
    expect(await store.lastOf(digestOf('x'))).toBeUndefined();
  });
});

describe('tidy', () => {
  test('keeps two builds of a name, what buildx exported for the newest, and young ones', async () => {
    let now = Date.now();
    const store = await openStore(temporaryFolder(), () => now);
    const exported: Descriptor['digest'][] = [];
    const built = async (text: string, names: readonly string[], after = DAY / 4) => {
      now += after;
      const build = await store.newBuild();
      const image = await makeImage(store.blobs, [{ file: text }]);
      const { digest } = await store.blobs.write(Buffer.from(`export of ${text}`));
      exported.push(digest);
      const content = { manifests: [image.manifest], exported: [digest] };
      await build.finish({ ...content, names: names.map(reference) });
      await build.release();
      return build.id;
    };
    const app = [await built('1', ['app:1']), await built('2', ['app:1'])];
    app.push(await built('3', ['app:1', 'app:2']));
    const nameless = [await built('4', []), await built('5', [])];
    await store.tidy();
    const ids = async (): Promise<readonly string[]> =>
      (await store.builds()).map(({ id }) => id).reverse();
    const areThere = (): Promise<readonly boolean[]> =>
      Promise.all(exported.map((one) => store.blobs.has(one)));
    expect(await ids()).toEqual([app[1], app[2], ...nameless]);
    expect(await areThere()).toEqual([false, false, true, true, true]);
    app.push(await built('6', ['app:1'], 9 * 60_000));
    await store.tidy();
    expect((await ids()).length).toBe(5);
    now += DAY;
    await store.tidy();
    expect(await ids()).toEqual([app[2], app[3]]);
    expect(await areThere()).toEqual([false, false, true, false, false, true]);
  });

  test('does not fail where it cannot write, nor where another prune runs', async () => {
    const store = await openStore(temporaryFolder());
    await (await buildOf(store, '1', ['app:1'])).release();
    mkdirSync(join(store.root, 'prune.json'));
    await store.tidy();
    expect((await store.builds()).length).toBe(1);
  });
});

describe('prune', () => {
  test('keeps the newest of each name and what it reaches', async () => {
    let now = 0;
    const store = await openStore(temporaryFolder(), () => (now += DAY));
    const old = await buildOf(store, 'old', ['app:1']);
    const tagged = await buildOf(store, 'new', ['app:1']);
    const untagged = await buildOf(store, 'none', []);
    for (const build of [old, tagged, untagged]) await build.release();
    const dry = await store.prune({ now: now + 1, dryRun: true });
    expect((await store.builds()).length).toBe(3);
    const pruned = await store.prune({ now: now + 1 });
    expect(pruned).toEqual(dry);
    expect([...pruned.removedBuilds].sort()).toEqual([old.id, untagged.id].sort());
    // Of each: layer, config, manifest, index. The base layer is shared.
    expect(pruned.removedBlobs).toBe(8);
    expect(pruned.freedBytes).toBeGreaterThan(500);
    expect(await store.blobs.has(tagged.root.digest)).toBe(true);
    expect(await store.blobs.has(old.root.digest)).toBe(false);
    expect((await store.blobs.list()).length).toBe(5);
  });

  test('keepPerName and olderThan keep more, all keeps nothing', async () => {
    let now = 0;
    const store = await openStore(temporaryFolder(), () => (now += DAY));
    for (const text of ['1', '2', '3']) await (await buildOf(store, text, ['app:1'])).release();
    expect((await store.prune({ now, keepPerName: 2, dryRun: true })).removedBuilds.length).toBe(1);
    expect((await store.prune({ now, olderThan: 9 * DAY, dryRun: true })).removedBuilds).toEqual(
      [],
    );
    expect((await store.prune({ now, all: true })).removedBuilds.length).toBe(3);
    expect(await store.blobs.list()).toEqual([]);
  });

  test('while a build runs no blob is removed, nor the build', async () => {
    const store = await openStore(temporaryFolder());
    const running = await store.newBuild();
    await store.blobs.write(Buffer.from('of a build that has no index yet'));
    const pruned = await store.prune({ now: Date.now(), all: true });
    expect(pruned).toEqual({
      freedBytes: 0,
      removedBuilds: [],
      removedBlobs: 0,
      runningBuilds: [running.id],
    });
    await running.release();
    utimesSync(running.dir, 1, 1);
    const later = await store.prune({ now: Date.now(), all: true });
    expect([later.removedBuilds, later.removedBlobs]).toEqual([[running.id], 1]);
  });

  test('what a killed process left is swept', async () => {
    const store = await openStore(temporaryFolder());
    const dead = 2 ** 22 + 1;
    const build = await store.newBuild();
    const owner = JSON.parse(readFileSync(join(build.dir, 'owner.json'), 'utf8')) as {
      host: string;
    };
    writeFileSync(join(build.dir, 'owner.json'), JSON.stringify({ ...owner, pid: dead }));
    utimesSync(build.dir, 1, 1);
    const sha = join(store.blobs.folder, 'sha256');
    writeFileSync(join(sha, `.tmp-${owner.host}-${dead}-0123456789ab`), 'half');
    writeFileSync(join(sha, `.tmp-${owner.host}-${process.pid}-0123456789ab`), 'ours');
    writeFileSync(join(sha, 'somebody-elses'), 'x');
    writeFileSync(join(store.root, 'prune.json'), JSON.stringify({ ...owner, pid: dead }));
    const pruned = await store.prune({ now: Date.now() });
    expect([pruned.removedBuilds, pruned.removedBlobs]).toEqual([[build.id], 1]);
    expect(readdirSync(sha).length).toBe(2);
  });

  test('what a killed process left goes with the next build, what a running one has stays', async () => {
    const store = await openStore(temporaryFolder());
    const builds = await Promise.all([0, 1, 2].map(() => store.newBuild()));
    const [killed, finished, running] = builds;
    await finished?.finish({ manifests: [], names: [] });
    const { host, ...owner } = JSON.parse(
      readFileSync(join(running?.dir ?? '', 'owner.json'), 'utf8'),
    ) as { readonly host: string };
    const dead = 2 ** 22 + 1;
    for (const { dir } of builds.slice(0, 2))
      writeFileSync(join(dir, 'owner.json'), JSON.stringify({ ...owner, host, pid: dead }));
    const sha = join(store.blobs.folder, 'sha256');
    const halves = [dead, process.pid].map((pid) => `.tmp-${host}-${pid}-0123456789ab`);
    for (const half of halves) writeFileSync(join(sha, half), 'half');
    const next = await store.newBuild();
    const left = [finished, running, next].map((build) => build?.id ?? '');
    expect(readdirSync(join(store.root, 'builds')).sort()).toEqual(left.sort());
    expect(left).not.toContain(killed?.id);
    expect(readdirSync(finished?.dir ?? '')).not.toContain('owner.json');
    expect(readdirSync(sha)).toEqual([halves[1]]);
  });

  test('two at once: one is told to wait', async () => {
    const store = await openStore(temporaryFolder());
    const results = await Promise.allSettled([1, 2].map(() => store.prune({ now: Date.now() })));
    const refused = results.filter((r) => r.status === 'rejected');
    expect(refused.length).toBeLessThanOrEqual(1);
    for (const { reason } of refused) expect(String(reason)).toMatch(/prune` is running/);
  });
});
