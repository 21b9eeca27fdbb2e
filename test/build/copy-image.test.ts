import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Registries } from '../../src/build/registries.ts';
import { openNamedImage } from '../../src/grade/grade-image.ts';
import { parseManifest } from '../../src/image/documents.ts';
import type { PipelineEvent } from '../../src/model/events.ts';
import { type Descriptor, MEDIA_TYPE } from '../../src/model/image.ts';
import { digestHex } from '../../src/model/reference.ts';
import { copyImage, type CopyTarget } from '../../src/trust/copy-image.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { type FakeRegistry } from '../fakes/fake-registry.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { archiveOf, dockerSaved, ImageBytes } from '../fakes/images.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { registryOf } from '../fakes/registries.ts';
import { readTar } from '../fakes/tar-bytes.ts';

const REF_NAME = 'org.opencontainers.image.ref.name';
const SIGNATURE = 'dev.cosignproject.cosign/signature';
const tagOf = ({ digest }: Descriptor, suffix: string): string =>
  `sha256-${digestHex(digest)}.${suffix}`;

/** An image of two platforms, and all that can hang on it. */
class Attached extends ImageBytes {
  readonly amd = this.image();
  readonly arm = this.image({
    platform: { os: 'linux', architecture: 'arm64' },
    text: 'arm',
  });
  readonly buildkit = this.attestation(this.amd);
  readonly root = this.index([this.amd, this.arm, this.buildkit]);
  readonly bundle = this.referrer(this.root);
  readonly onPlatform = this.referrer(this.arm);
  readonly onBuildkit = this.referrer(this.buildkit);
  readonly profile = this.referrer(this.root, 'application/vnd.test.profile');
  readonly onProfile = this.referrer(this.profile);
  /** A referrer that is an index, and what it lists. */
  readonly part = this.referrer(this.amd, 'application/vnd.test.part');
  readonly list = {
    ...this.index([this.part], {
      artifactType: 'application/vnd.test.list',
      subject: plain(this.root),
    }),
    artifactType: 'application/vnd.test.list',
  };
  readonly referrers = [
    this.bundle,
    this.onPlatform,
    this.onBuildkit,
    this.profile,
    this.onProfile,
    this.list,
    this.part,
  ];
  readonly tags = new Map([
    [tagOf(this.root, 'sig'), this.signed('own')],
    [tagOf(this.arm, 'att'), this.signed('own', 'envelope')],
    [tagOf(this.root, 'sbom'), this.signed('own', 'sbom')],
    [tagOf(this.onProfile, 'sig'), this.signed('own', 'of a referrer')],
  ]);

  signed(by: string, payload = 'payload'): Descriptor {
    const layer = this.add(
      Buffer.from(payload),
      'application/vnd.dev.cosign.simplesigning.v1+json',
    );
    const config = this.json({ architecture: '', os: '' }, MEDIA_TYPE.config);
    const layers = [{ ...layer, annotations: { [SIGNATURE]: by } }];
    const manifest = { schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config, layers };
    return this.json(manifest, MEDIA_TYPE.manifest);
  }

  /** Entries of a layout that holds it all. */
  get entries(): readonly Descriptor[] {
    return [
      {
        ...this.root,
        annotations: { 'io.containerd.image.name': 'old.test/app:1', [REF_NAME]: '1' },
      },
      ...this.referrers,
      ...[...this.tags].map(([tag, descriptor]) => ({
        ...descriptor,
        annotations: {
          [REF_NAME]: tag,
          ...(tag === tagOf(this.root, 'sig') ? { kind: 'dev.cosignproject.cosign/sigs' } : {}),
        },
      })),
    ];
  }

  /** Puts it all into a repository, as `oras cp -r` and cosign do. */
  publish(registry: FakeRegistry, repository: string): void {
    const documents = [this.amd, this.arm, this.buildkit, this.root, ...this.referrers];
    for (const [digest, bytes] of this.blobs)
      if (!documents.some((one) => one.digest === digest)) registry.putBlob(repository, bytes);
    for (const { digest, mediaType } of documents)
      registry.putManifest(repository, digest, this.bytes(digest), mediaType);
    registry.putManifest(repository, '1', this.bytes(this.root.digest), this.root.mediaType);
    for (const [tag, { digest, mediaType }] of this.tags)
      registry.putManifest(repository, tag, this.bytes(digest), mediaType);
    if (registry.options.referrersApi === true) return;
    for (const subject of [this.root, this.arm, this.buildkit, this.profile, this.amd]) {
      const listed = this.referrers.filter(
        ({ digest }) => this.json$(digest).subject?.digest === subject.digest,
      );
      const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: listed };
      const tag = `sha256-${digestHex(subject.digest)}`;
      registry.putManifest(repository, tag, Buffer.from(JSON.stringify(index)), MEDIA_TYPE.index);
    }
  }

  bytes(digest: string): Buffer {
    const bytes = this.blobs.get(digest);
    if (bytes === undefined) throw new Error(digest);
    return bytes;
  }

  json$(digest: string): { readonly subject?: Descriptor } {
    return JSON.parse(this.bytes(digest).toString()) as { readonly subject?: Descriptor };
  }
}

function plain({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

function copier() {
  const home = temporaryFolder();
  const events: PipelineEvent[] = [];
  const run = fakeRun([
    { command: 'docker', args: [], result: { ended: 'exit', exitCode: 1, stdout: '', stderr: '' } },
  ]).run;
  const context = contextOf(run, home, { emit: (event) => events.push(event) });
  const registries = new Registries(context, {});
  const copy = async (text: string, target: CopyTarget) => {
    const stdin = (async function* () {})();
    const image = await openNamedImage(context, registries, { text, stdin });
    try {
      return await copyImage(context, registries, image, target);
    } finally {
      await image.close();
    }
  };
  const written = (name: string, files: Readonly<Record<string, Uint8Array>>): string => {
    for (const [path, bytes] of Object.entries(files)) {
      mkdirSync(dirname(join(home, name, path)), { recursive: true });
      writeFileSync(join(home, name, path), bytes);
    }
    return `oci:${join(home, name)}`;
  };
  const archive = (files: Readonly<Record<string, Uint8Array>>): string => {
    writeFileSync(join(home, 'image.tar'), archiveOf(files));
    return `oci-archive:${join(home, 'image.tar')}`;
  };
  return { home, events, copy, written, archive };
}

const to = (
  { host }: FakeRegistry,
  repository = 'new',
  tags: readonly string[] = ['1'],
): CopyTarget => ({ kind: 'registry', reference: { registry: host, repository }, tags });

/** What a repository holds of it: manifests by digest and tag. */
function held(registry: FakeRegistry, repository: string): readonly string[] {
  return [...registry.manifests.keys()]
    .filter((key) => key.startsWith(repository))
    .map((key) => key.slice(repository.length))
    .sort();
}

function expectAll(registry: FakeRegistry, image: Attached, repository = 'new'): void {
  const there = held(registry, repository);
  const documents = [image.root, image.amd, image.arm, image.buildkit, ...image.referrers];
  for (const { digest } of documents) expect(there).toContain(`@${digest}`);
  for (const [tag, { digest }] of image.tags) {
    expect(there).toContain(`:${tag}`);
    expect(there).toContain(`@${digest}`);
  }
  expect(registry.manifests.get(`${repository}:1`)?.bytes).toEqual(image.bytes(image.root.digest));
}

const APIS = [
  [true, false],
  [false, true],
] as const;

describe('from registry to registry', () => {
  test.each(APIS)('all of it, by digest (referrers API: %s to %s)', async (there, here) => {
    const [source, target] = [
      await registryOf({ referrersApi: there }),
      await registryOf({ referrersApi: here }),
    ];
    const image = new Attached();
    image.publish(source, 'app');
    // What a list names is there before the list, however slow it is.
    target.faults.push({
      match: new RegExp(`^PUT .*/manifests/${image.part.digest}`),
      times: 1,
      kind: { do: 'delay', ms: 400 },
    });
    const { copy } = copier();
    const copied = await copy(`registry:${source.host}/app:1`, to(target));
    expectAll(target, image);
    expect(copied.digest).toBe(image.root.digest);
    expect(copied.attached.map(({ digest }) => digest).sort()).toEqual(
      [...image.referrers, ...image.tags.values()].map(({ digest }) => digest).sort(),
    );
    const puts = target.calls.filter((call) => /^PUT .*\/manifests\//.test(call));
    expect(puts.at(-1)).toBe('PUT /v2/new/manifests/1');
    if (here) return;
    const list = target.manifests.get(`new:sha256-${digestHex(image.root.digest)}`);
    const { manifests } = JSON.parse(list?.bytes.toString() ?? '') as { manifests: Descriptor[] };
    expect([...manifests].sort(byDigest)).toEqual(
      [image.bundle, image.profile, image.list].sort(byDigest),
    );
  });

  test('what the target has of others stays, under the same tags', async () => {
    const [source, target] = [await registryOf(), await registryOf()];
    const image = new Attached();
    image.publish(source, 'app');
    const sig = tagOf(image.root, 'sig');
    const [other, bom] = [image.signed('other'), image.signed('other', 'their sbom')];
    for (const layer of [other, bom].flatMap((one) =>
      parseManifest(image.bytes(one.digest), 'it').layers.concat(
        parseManifest(image.bytes(one.digest), 'it').config,
      ),
    ))
      target.putBlob('new', image.bytes(layer.digest));
    target.putManifest('new', sig, image.bytes(other.digest), MEDIA_TYPE.manifest);
    const sbom = tagOf(image.root, 'sbom');
    target.putManifest('new', sbom, image.bytes(bom.digest), MEDIA_TYPE.manifest);
    const { copy, events } = copier();
    for (let times = 0; times < 2; times++) await copy(`registry:${source.host}/app:1`, to(target));
    const { layers } = parseManifest(target.manifests.get(`new:${sig}`)?.bytes as Buffer, 'it');
    expect(layers.map(({ annotations }) => annotations?.[SIGNATURE])).toEqual(['other', 'own']);
    expect(target.manifests.get(`new:${sbom}`)?.bytes).toEqual(image.bytes(bom.digest));
    expect(events).toContainEqual({
      kind: 'warning',
      text: `${target.host}/new:${sbom} is another SBOM there, and stays`,
    });
  });

  test('a run that broke is taken up: what is there is not sent again, and no tag was set', async () => {
    const [source, target] = [await registryOf(), await registryOf()];
    const image = new Attached();
    image.publish(source, 'app');
    const { copy } = copier();
    target.fail(new RegExp(`PUT /v2/new/manifests/${image.onProfile.digest}`), {
      do: 'status',
      status: 403,
    });
    await expect(copy(`registry:${source.host}/app:1`, to(target))).rejects.toThrow('403');
    expect(target.manifests.has('new:1')).toBe(false);
    const again = await copy(`registry:${source.host}/app:1`, to(target));
    expect([again.bytes, again.present]).toEqual([0, target.blobs.size]);
    expectAll(target, image);
  });

  test('a source that lacks what it lists is not copied by halves', async () => {
    const [source, target] = [await registryOf(), await registryOf()];
    const image = new Attached();
    image.publish(source, 'app');
    const { copy } = copier();
    for (const lost of [image.arm, image.bundle, image.onProfile]) {
      const key = `app@${lost.digest}`;
      const kept = source.manifests.get(key);
      source.manifests.delete(key);
      await expect(copy(`registry:${source.host}/app:1`, to(target))).rejects.toThrow(lost.digest);
      if (kept !== undefined) source.manifests.set(key, kept);
    }
    source.fail(/GET .*\/app\/referrers\//, { do: 'status', status: 403 });
    await expect(copy(`registry:${source.host}/app:1`, to(target))).rejects.toThrow('403');
    expect(held(target, 'new')).toEqual([]);
  });

  test('what a list names and is about another image stays behind', async () => {
    const [source, target] = [await registryOf(), await registryOf()];
    const image = new Attached();
    const foreign = image.referrer(image.image({ text: 'another' }));
    image.publish(source, 'app');
    source.putManifest('app', foreign.digest, image.bytes(foreign.digest), foreign.mediaType);
    const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [foreign] };
    const tag = `sha256-${digestHex(image.amd.digest)}`;
    source.putManifest('app', tag, Buffer.from(JSON.stringify(index)), MEDIA_TYPE.index);
    await copier().copy(`registry:${source.host}/app:1`, to(target));
    expect(held(target, 'new')).not.toContain(`@${foreign.digest}`);
  });
});

describe('by a file', () => {
  test.each([false, true])('into one and out of it (a directory: %s)', async (directory) => {
    const [source, target] = [await registryOf(), await registryOf({ referrersApi: true })];
    const image = new Attached();
    image.publish(source, 'app');
    const { copy, home } = copier();
    const file = { kind: 'file', path: 'out', directory } as const;
    const copied = await copy(`registry:${source.host}/app:1`, file);
    const place = `${directory ? 'oci' : 'oci-archive'}:${join(home, 'out')}`;
    const index = JSON.parse(
      directory
        ? readFileSync(join(home, 'out', 'index.json'), 'utf8')
        : (readTar(readFileSync(join(home, 'out')))[1]?.content.toString() ?? ''),
    ) as { manifests: Descriptor[] };
    expect(index.manifests[0]).toEqual({
      ...image.root,
      annotations: {
        'io.containerd.image.name': `${source.host}/app:1`,
        [REF_NAME]: '1',
        kind: 'dev.cosignproject.cosign/imageIndex',
      },
    });
    expect(index.manifests.slice(1).sort(byDigest)).toEqual(image.entries.slice(1).sort(byDigest));
    expect(await copy(place, to(target))).toEqual({
      ...copied,
      bytes: expect.any(Number) as number,
      present: 0,
    });
    expectAll(target, image);
  });

  test('an archive that is there stays, and a failure leaves none', async () => {
    const source = await registryOf();
    const image = new Attached();
    image.publish(source, 'app');
    const { copy, home } = copier();
    writeFileSync(join(home, 'there'), 'mine');
    const file = (path: string): CopyTarget => ({ kind: 'file', path, directory: false });
    await expect(copy(`registry:${source.host}/app:1`, file('there'))).rejects.toThrow(
      'there exists already',
    );
    expect(readFileSync(join(home, 'there'), 'utf8')).toBe('mine');
    const { config } = parseManifest(image.bytes(image.arm.digest), 'it');
    const [layer = config] = parseManifest(image.bytes(image.arm.digest), 'it').layers;
    source.blobs.set(`app@${layer.digest}`, Buffer.alloc(layer.size, 1));
    await expect(copy(`registry:${source.host}/app:1`, file('new'))).rejects.toThrow(layer.digest);
    expect(readdirSync(home).filter((name) => name.includes('new'))).toEqual([]);
  });

  test('a directory keeps what it lists, and signatures under one tag are joined', async () => {
    const { copy, written, home } = copier();
    const image = new Attached();
    const from = written('from', image.layout(image.entries));
    const [other, theirs] = [image.image({ text: 'other' }), image.signed('other')];
    written(
      'into',
      image.layout([
        { ...other, annotations: { [REF_NAME]: '2' } },
        { ...theirs, annotations: { [REF_NAME]: tagOf(image.root, 'sig') } },
      ]),
    );
    for (let times = 0; times < 2; times++)
      await copy(from, { kind: 'file', path: 'into', directory: true });
    const { manifests } = JSON.parse(readFileSync(join(home, 'into/index.json'), 'utf8')) as {
      manifests: Descriptor[];
    };
    expect(manifests).toHaveLength(image.entries.length + 1);
    expect(manifests[0]?.digest).toBe(other.digest);
    const joined = manifests.find((e) => e.annotations?.[REF_NAME] === tagOf(image.root, 'sig'));
    const bytes = readFileSync(
      join(home, 'into/blobs/sha256', digestHex(joined?.digest ?? theirs.digest)),
    );
    expect(
      parseManifest(bytes, 'it').layers.map(({ annotations }) => annotations?.[SIGNATURE]),
    ).toEqual(['other', 'own']);
  });

  test('bytes that are not their digest’s are not pushed', async () => {
    const target = await registryOf();
    const { copy, archive } = copier();
    const image = new Attached();
    const files = image.layout(image.entries);
    const { layers, config } = parseManifest(image.bytes(image.amd.digest), 'it');
    const damaged = [image.root, image.bundle, image.onProfile, config, ...layers];
    for (const { digest, size } of damaged) {
      const path = `blobs/sha256/${digestHex(digest)}`;
      const place = archive({ ...files, [path]: Buffer.alloc(size, 1) });
      await expect(copy(place, to(target))).rejects.toThrow(digest);
      expect(target.manifests.has('new:1')).toBe(false);
    }
    const lost = archive(
      Object.fromEntries(
        Object.entries(files).filter(([path]) => !path.includes(digestHex(config.digest))),
      ),
    );
    await expect(copy(lost, to(target))).rejects.toThrow(config.digest);
  });

  test('what docker save wrote before manifests has no digest to keep', async () => {
    const target = await registryOf();
    const { copy, archive } = copier();
    await expect(copy(archive(dockerSaved()), to(target))).rejects.toThrow(
      'has no manifest of its own',
    );
    expect(target.requests).toEqual([]);
  });
});

function byDigest(a: Descriptor, b: Descriptor): number {
  return a.digest < b.digest ? -1 : 1;
}
