import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Registries } from '../../src/build/registries.ts';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import { baseLayers } from '../../src/grade/grade-build.ts';
import { MEDIA_TYPE, type Platform } from '../../src/model/image.ts';
import {
  type Digest,
  digestOf,
  type ImageReference,
  parseReference,
} from '../../src/model/reference.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { FakeRegistry } from '../fakes/fake-registry.ts';
import { fakeRun } from '../fakes/fake-run.ts';

const registry = new FakeRegistry({});
let home = '';
beforeAll(async () => {
  await registry.listen();
  home = await mkdtemp(join(tmpdir(), 'scoville-base-'));
});
afterAll(async () => {
  await registry.close();
  await rm(home, { recursive: true });
});

const LAYER = digestOf('layer');
const image = { platform: { os: 'linux', architecture: 'amd64' }, layers: [LAYER, digestOf('b')] };

/** An image of one layer in the registry: an index of two variants of arm, or a manifest. */
function push(repository: string, layersOf: Readonly<Record<string, readonly Digest[]>>): Digest {
  const manifests = Object.entries(layersOf).map(([text, layers]) => {
    const [os = '', architecture = '', variant] = text.split('/');
    const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
    const config = Buffer.from(
      JSON.stringify({ ...platform, rootfs: { type: 'layers', diff_ids: layers } }),
    );
    const digest = registry.putBlob(repository, config);
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MEDIA_TYPE.manifest,
        config: { mediaType: MEDIA_TYPE.config, digest, size: config.length },
        layers: layers.map((layer) => ({
          mediaType: MEDIA_TYPE.layerGzip,
          digest: layer,
          size: 1,
        })),
      }),
    );
    const own = registry.putManifest(repository, digestOf(manifest), manifest, MEDIA_TYPE.manifest);
    return { mediaType: MEDIA_TYPE.manifest, digest: own, size: manifest.length, platform };
  });
  const index = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests }),
  );
  return registry.putManifest(repository, digestOf(index), index, MEDIA_TYPE.index) as Digest;
}

interface Asked {
  readonly trust?: readonly string[];
  readonly offline?: boolean;
  readonly home?: string;
  readonly engine?: object;
}

function asker({ trust = [], offline = false, home: at, engine }: Asked) {
  const stdout = engine === undefined ? '' : `${JSON.stringify(engine)}\n`;
  const result =
    engine === undefined ? { exitCode: 1, stderr: 'Error: No such image: x' } : { stdout };
  const { run } = fakeRun([{ command: 'docker', args: ['image', 'inspect'], result }]);
  const context = contextOf(run, home);
  const settings = {
    ...DEFAULT_SETTINGS,
    offline,
    trust: { keys: [], identities: [], images: trust, bases: [] },
  };
  const registries = new Registries(context, { [registry.host]: { plainHttp: true } });
  return baseLayers(context, registries, settings, at);
}

function base(name: string, digest: Digest): ImageReference & { readonly digest: Digest } {
  const parsed = parseReference(name);
  if (!parsed.ok) throw new Error(parsed.error);
  return { ...parsed.value, digest };
}

describe('a registry that an unsigned statement names', () => {
  test('is not asked where nobody vouches for the image', async () => {
    const digest = push('evil/base', { 'linux/amd64': [LAYER] });
    const before = registry.requests.length;
    const name = `${registry.host}/evil/base:1`;
    const found = await asker({ home: 'docker.io' })(base(name, digest), image);
    expect(found).toEqual({
      ok: false,
      error: `${registry.host} is not asked for ${registry.host}/evil/base@${digest}, which only the statement names`,
    });
    expect(registry.requests).toHaveLength(before);
  });

  test('is asked where the user trusts the image, or the graded image comes from there', async () => {
    const digest = push('team/base', { 'linux/amd64': [LAYER] });
    const wanted = base(`${registry.host}/team/base:1`, digest);
    const layers = { ok: true, value: [LAYER] };
    expect(await asker({ trust: [`${registry.host}/team/*`] })(wanted, image)).toEqual(layers);
    expect(await asker({ home: registry.host })(wanted, image)).toEqual(layers);
  });

  test('is not asked offline', async () => {
    const digest = push('team/base', { 'linux/amd64': [LAYER] });
    const before = registry.requests.length;
    const ask = asker({ home: registry.host, offline: true });
    expect(await ask(base(`${registry.host}/team/base`, digest), image)).toEqual({
      ok: false,
      error: `${registry.host}/team/base@${digest} was not fetched (offline)`,
    });
    expect(registry.requests).toHaveLength(before);
  });

  test('is asked for one base once, and for eight at most', async () => {
    const ask = asker({ home: registry.host });
    const digest = push('many', { 'linux/amd64': [LAYER] });
    const names = Array.from({ length: 9 }, (_, i) => base(`${registry.host}/many/b${i}`, digest));
    const found = [];
    for (const name of [names[0] ?? base('x', digest), ...names])
      found.push(await ask(name, image));
    expect(found.at(-1)).toEqual({
      ok: false,
      error: 'unsigned statements name more than 8 bases',
    });
    expect(JSON.stringify(found.at(-2))).toMatch(/b7@.* was not found"/);
    expect(registry.calls.filter((call) => call.includes('/many/b0/manifests/'))).toHaveLength(1);
  });

  test('gives the layers of the image’s own variant', async () => {
    const platforms: readonly Platform[] = [
      { os: 'linux', architecture: 'arm', variant: 'v6' },
      { os: 'linux', architecture: 'arm', variant: 'v7' },
    ];
    const [v6, v7] = [digestOf('v6'), digestOf('v7')];
    const digest = push('arms', { 'linux/arm/v6': [v6], 'linux/arm/v7': [v7] });
    const ask = asker({ home: registry.host });
    const found = await Promise.all(
      platforms.map((platform) =>
        ask(base(`${registry.host}/arms`, digest), { platform, layers: [] }),
      ),
    );
    expect(found).toEqual([
      { ok: true, value: [v6] },
      { ok: true, value: [v7] },
    ]);
  });
});

describe('Docker’s own copy', () => {
  const digest = digestOf('index of the base');
  const wanted = base('evil.example/base:1', digest);

  test('answers without any registry', async () => {
    const engine = { Id: digest, RootFS: { Layers: [LAYER] } };
    expect(await asker({ engine })(wanted, image)).toEqual({ ok: true, value: [LAYER] });
  });

  test('does not count under another id: an archive can name any image so', async () => {
    const engine = {
      Id: digestOf('another'),
      RepoDigests: [`evil.example/base@${digest}`],
      RootFS: { Layers: [LAYER] },
    };
    expect((await asker({ engine })(wanted, image)).ok).toBe(false);
  });
});
