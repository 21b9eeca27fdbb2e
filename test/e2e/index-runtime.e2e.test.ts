import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ImageVerification } from '../../src/model/criterion.ts';
import { type Descriptor, type Manifest, MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { archiveOf, ImageBytes } from '../fakes/images.ts';
import { type ClassicEngine, startClassicEngine } from './classic-engine.ts';
import { runContainer } from './containers.ts';
import { bases, output, OWN, registry, run } from './harness.ts';
import { rows } from './rows.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const FOREIGN = 'application/vnd.foo.v1+json';
const AMD = { os: 'linux', architecture: 'amd64' };
const UNSIGNED = 'no signature verifies for the index, nor for linux/';
const ARM = { os: 'linux', architecture: 'arm64' };
const path = `e2e/index-runtime-${OWN}`;
const repository = `${registry}/${path}`;
const folder = folderHere('index-runtime');
const scoville = scovilleHere();

type Who = 'good' | 'evil';
type Images = Readonly<Record<Who, Descriptor>>;
let images: Images;

/** One request to the registry. */
async function ask(method: string, url: string, body?: Uint8Array | string, type?: string) {
  const answer = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body }),
    headers: {
      accept: `${MEDIA_TYPE.manifest}, ${MEDIA_TYPE.dockerManifest}, */*;q=0.1`,
      ...(type === undefined ? {} : { 'content-type': type }),
    },
  });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}

async function pushBlob(to: string, bytes: Uint8Array): Promise<void> {
  const started = await ask('POST', `http://${registry}/v2/${to}/blobs/uploads/`);
  const place = new URL(started.headers.get('location') ?? '', `http://${registry}`);
  place.searchParams.set('digest', digestOf(bytes));
  await ask('PUT', place.href, bytes, 'application/octet-stream');
}

/** Pushes a manifest or index by its digest, or under a tag too. */
async function pushDocument(text: string, mediaType: string, tag?: string): Promise<Descriptor> {
  const bytes = Buffer.from(text);
  const digest = digestOf(bytes);
  await ask('PUT', `http://${registry}/v2/${path}/manifests/${tag ?? digest}`, bytes, mediaType);
  return { mediaType, digest, size: bytes.length };
}

async function documentOf<T>(kind: 'manifests' | 'blobs', digest: string): Promise<T> {
  const answer = await ask('GET', `http://${registry}/v2/${path}/${kind}/${digest}`);
  return (await answer.json()) as T;
}

/** A busybox that prints who it is. */
async function build(who: Who): Promise<Descriptor> {
  const context = join(folder, who);
  mkdirSync(context);
  writeFileSync(join(context, 'who'), who);
  writeFileSync(
    join(context, 'Dockerfile'),
    `FROM ${bases.busybox}\nCOPY who /who\nLABEL who=${who}\nUSER 1000\nCMD ["cat", "/who"]\n`,
  );
  const name = `${repository}:${who}`;
  await output('docker', [
    ...['buildx', 'build', '-q', '--provenance=false', '--push', '-t', name, context],
  ]);
  await run('docker', ['rmi', '--force', name]);
  const answer = await ask('GET', `http://${registry}/v2/${path}/manifests/${who}`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  return {
    mediaType: answer.headers.get('content-type') ?? '',
    digest: digestOf(bytes),
    size: bytes.length,
  };
}

/** The manifest of `image`, changed and pushed. */
async function changed(
  image: Descriptor,
  change: (manifest: Manifest) => object,
): Promise<Descriptor> {
  const manifest = await documentOf<Manifest>('manifests', image.digest);
  return pushDocument(JSON.stringify(change(manifest)), image.mediaType);
}

/** The other type of manifests. */
function otherKind({ mediaType }: Descriptor): string {
  return mediaType === MEDIA_TYPE.manifest ? MEDIA_TYPE.dockerManifest : MEDIA_TYPE.manifest;
}

const indexText = (entries: readonly unknown[], more = ''): string =>
  `{"schemaVersion":2,"mediaType":"${MEDIA_TYPE.index}","manifests":${JSON.stringify(entries)}${more}}`;

/** An entry, and the signed image behind it. */
const before = (entry: object, good: Images['good']): string =>
  indexText([entry, { ...good, platform: AMD }]);

interface Case {
  readonly what: string;
  /** The index as text: some cases are not what an object can say. */
  readonly index: (images: Images) => string | Promise<string>;
  /**
   * Whose configuration `docker image inspect` shows after `docker pull` (Docker 26.1, containerd
   * store), and who runs.
   */
  readonly pulled: Who | 'none';
  readonly ran: Who | 'none';
  /** Who is pulled by the classic store, which is asked about each case, where that is another. */
  readonly classic?: Who | 'none';
  /** Exit code of `scoville verify`; of 1 the reason, of 2 the error of verify and grade. */
  readonly exitCode: 0 | 1 | 2;
  readonly says?: string;
  /** What grade says of `signed`, and which platforms it names as not graded. */
  readonly signed?: string;
  readonly notGraded?: Scorecard['notGraded'];
  /** Asked for from everybody. */
  readonly platform?: string;
}

const CASES: readonly Case[] = [
  {
    what: 'the signed image alone',
    index: ({ good }) => indexText([{ ...good, platform: AMD }]),
    ...{ pulled: 'good', ran: 'good', exitCode: 0, signed: 'pass' },
  },
  {
    what: 'Manifests beside manifests',
    index: ({ good, evil }) =>
      indexText(
        [{ ...good, platform: AMD }],
        `,"Manifests":${JSON.stringify([{ ...evil, platform: AMD }])}`,
      ),
    ...{ pulled: 'evil', ran: 'evil', exitCode: 2, says: 'has the key "Manifests"' },
  },
  {
    what: 'a digest that is listed as something else too',
    index: ({ good, evil }) =>
      indexText([
        { ...evil, mediaType: FOREIGN, platform: ARM },
        { ...evil, platform: AMD },
        { ...good, platform: AMD },
      ]),
    ...{ pulled: 'evil', ran: 'evil', exitCode: 1, says: UNSIGNED, signed: 'fail' },
  },
  {
    what: 'a digest that is listed as a manifest of two kinds',
    index: ({ good, evil }) =>
      indexText([
        { ...evil, mediaType: otherKind(evil), platform: AMD },
        { ...evil, platform: AMD },
        { ...good, platform: AMD },
      ]),
    ...{
      pulled: 'evil',
      ran: 'evil',
      exitCode: 2,
      says: 'has a mediaType that differs from its descriptor',
    },
  },
  {
    what: 'the platform Linux/AMD64',
    index: ({ good, evil }) =>
      before({ ...evil, platform: { os: 'Linux', architecture: 'AMD64' } }, good),
    ...{ pulled: 'evil', ran: 'evil', exitCode: 1, says: UNSIGNED, signed: 'fail' },
  },
  {
    what: 'a platform without an operating system',
    index: ({ good, evil }) =>
      indexText([
        { ...evil, platform: { os: '', architecture: 'amd64' } },
        { ...good, platform: ARM },
      ]),
    ...{ pulled: 'evil', ran: 'evil', exitCode: 1, says: UNSIGNED, signed: 'fail' },
  },
  {
    what: 'an empty platform',
    index: ({ good, evil }) =>
      indexText([
        { ...evil, platform: {} },
        { ...good, platform: ARM },
      ]),
    ...{ pulled: 'none', ran: 'none', exitCode: 1, says: UNSIGNED, signed: 'fail' },
  },
  {
    what: 'no platform',
    index: ({ good, evil }) => indexText([evil, { ...good, platform: ARM }]),
    // `docker run` of Docker 26 asks for all that the index lists; containerd itself would run it.
    ...{ pulled: 'evil', ran: 'none', exitCode: 1, says: UNSIGNED, signed: 'fail' },
  },
  {
    what: 'an entry of an unknown type',
    index: ({ good, evil }) => before({ ...evil, mediaType: FOREIGN, platform: AMD }, good),
    ...{
      pulled: 'none',
      ran: 'none',
      classic: 'evil',
      exitCode: 1,
      says: UNSIGNED,
      signed: 'fail',
    },
  },
  {
    what: 'an entry of an unknown type that we refuse to read',
    index: async ({ good, evil }) => {
      const odd = await changed(evil, (manifest) => ({ ...manifest, Layers: manifest.layers }));
      return before({ ...odd, mediaType: FOREIGN, platform: AMD }, good);
    },
    ...{ pulled: 'none', ran: 'none', exitCode: 1, says: 'cannot be read as an image' },
    signed: 'unknown',
    notGraded: [{ platform: 'linux/amd64', reason: 'not-read' }],
  },
  {
    what: 'a layer of the type tar+a+gzip',
    index: async ({ good, evil }) => {
      const mediaType = 'application/vnd.oci.image.layer.v1.tar+a+gzip';
      const odd = await changed(evil, (manifest) => ({
        ...manifest,
        layers: manifest.layers.map((layer) => ({ ...layer, mediaType })),
      }));
      return before({ ...odd, platform: AMD }, good);
    },
    ...{ pulled: 'evil', ran: 'evil', exitCode: 1, says: UNSIGNED, signed: 'fail' },
  },
  {
    what: 'an index in the index',
    index: async ({ good, evil }) => {
      const inner = await pushDocument(indexText([{ ...evil, platform: AMD }]), MEDIA_TYPE.index);
      return before({ ...inner, platform: AMD }, good);
    },
    ...{ pulled: 'evil', ran: 'none', exitCode: 1, says: UNSIGNED, signed: 'fail' },
  },
  {
    what: 'User beside user',
    index: async ({ good, evil }) => {
      const { config } = await documentOf<Manifest>('manifests', evil.digest);
      const text = JSON.stringify(await documentOf('blobs', config.digest));
      const bytes = Buffer.from(text.replace('"User":"1000"', '"User":"1000","user":"0"'));
      await pushBlob(path, bytes);
      const odd = await changed(evil, (manifest) => ({
        ...manifest,
        config: { ...config, digest: digestOf(bytes), size: bytes.length },
      }));
      return before({ ...odd, platform: AMD }, good);
    },
    ...{ pulled: 'evil', ran: 'evil', exitCode: 2, says: 'has the key "config.user"' },
  },
  {
    what: 'a media type with parameters',
    index: ({ good, evil }) =>
      before({ ...evil, mediaType: `${evil.mediaType}; charset=utf-8`, platform: AMD }, good),
    ...{ pulled: 'none', ran: 'none', exitCode: 1, says: UNSIGNED, signed: 'fail' },
  },
  {
    what: 'no media type',
    index: ({ good, evil }) => before({ ...evil, mediaType: '', platform: AMD }, good),
    ...{ pulled: 'none', ran: 'none', exitCode: 1, says: UNSIGNED, signed: 'fail' },
  },
  {
    what: 'the signed digest with the bytes of another as its data',
    index: async ({ good, evil }) => {
      const data = Buffer.from(JSON.stringify(await documentOf('manifests', evil.digest)));
      return indexText([{ ...good, data: data.toString('base64'), platform: AMD }]);
    },
    ...{ pulled: 'good', ran: 'good', exitCode: 0, signed: 'pass' },
  },
  {
    what: 'an image that calls itself an attestation',
    index: ({ good, evil }) =>
      indexText([
        {
          ...evil,
          platform: AMD,
          annotations: {
            'vnd.docker.reference.type': 'attestation-manifest',
            'vnd.docker.reference.digest': good.digest,
          },
        },
        { ...good, platform: AMD },
      ]),
    ...{ pulled: 'evil', ran: 'evil', exitCode: 1, says: UNSIGNED, signed: 'fail' },
  },
  {
    what: 'an image that calls itself an artifact',
    index: async ({ good, evil }) => {
      const artifactType = 'application/vnd.example+json';
      const odd = await changed(evil, (manifest) => ({ ...manifest, artifactType }));
      return before({ ...odd, artifactType, platform: AMD }, good);
    },
    ...{ pulled: 'evil', ran: 'evil', exitCode: 1, says: UNSIGNED, signed: 'fail' },
  },
  {
    what: 'a configuration of another type',
    index: async ({ good, evil }) => {
      const odd = await changed(evil, (manifest) => ({
        ...manifest,
        config: { ...manifest.config, mediaType: 'application/vnd.oci.empty.v1+json' },
      }));
      return before({ ...odd, platform: AMD }, good);
    },
    ...{ pulled: 'evil', ran: 'evil', exitCode: 1, says: UNSIGNED, signed: 'fail' },
  },
  {
    what: 'a variant of the same architecture',
    index: ({ good, evil }) =>
      indexText([
        { ...good, platform: AMD },
        { ...evil, platform: { ...AMD, variant: 'v2' } },
      ]),
    ...{ pulled: 'good', ran: 'good', exitCode: 1, says: UNSIGNED, signed: 'fail' },
  },
  {
    what: 'another version of the operating system',
    index: ({ good, evil }) =>
      before({ ...evil, platform: { ...AMD, 'os.version': '10', 'os.features': ['x'] } }, good),
    ...{ pulled: 'evil', ran: 'evil', exitCode: 1, says: UNSIGNED, signed: 'fail' },
  },
  {
    what: 'a platform of fields that no engine knows',
    platform: 'linux/amd64',
    index: ({ good, evil }) =>
      indexText([
        { ...evil, platform: { name: 'arm64' } },
        { ...good, platform: { ...AMD, variant: 'v2' } },
      ]),
    ...{ pulled: 'none', ran: 'none', classic: 'evil', exitCode: 1, says: UNSIGNED },
    signed: 'fail',
  },
  {
    what: 'a platform of empty lists',
    platform: 'linux/amd64',
    index: ({ good, evil }) =>
      before({ ...evil, platform: { 'os.features': [], features: [] } }, good),
    // Another build of the same Docker pulled `good`.
    ...{ pulled: 'evil', ran: 'good', exitCode: 1, says: UNSIGNED, signed: 'fail' },
  },
  {
    what: 'a variant that is not spelled as engines spell it',
    platform: 'linux/amd64/v3',
    index: ({ good, evil }) =>
      indexText([
        { ...good, platform: { ...AMD, variant: '3' } },
        { ...evil, platform: { ...AMD, variant: 'v2' } },
      ]),
    ...{ pulled: 'evil', ran: 'none', exitCode: 1, says: UNSIGNED, signed: 'fail' },
  },
  {
    what: 'an architecture with a blank behind it',
    index: ({ good, evil }) =>
      indexText([
        { ...evil, platform: { os: 'linux', architecture: 'amd64 ' } },
        { ...good, platform: ARM },
      ]),
    ...{ pulled: 'none', ran: 'none', exitCode: 1, says: UNSIGNED, signed: 'fail' },
  },
  {
    what: 'a configuration of another type behind many blanks',
    index: async ({ good, evil }) => {
      const { config } = await documentOf<Manifest>('manifests', evil.digest);
      const text = JSON.stringify(await documentOf('blobs', config.digest));
      const bytes = Buffer.from(' '.repeat(1500) + text);
      await pushBlob(path, bytes);
      const odd = await changed(evil, (manifest) => ({
        ...manifest,
        config: { mediaType: FOREIGN, digest: digestOf(bytes), size: bytes.length },
      }));
      return before({ ...odd, platform: AMD }, good);
    },
    ...{ pulled: 'evil', ran: 'evil', exitCode: 1, says: UNSIGNED, signed: 'fail' },
  },
];

let classic: ClassicEngine | undefined;

beforeAll(async () => {
  classic = await startClassicEngine();
  const options = { cwd: folder, env: { COSIGN_PASSWORD: '' } };
  await output('cosign', ['generate-key-pair'], options);
  images = { good: await build('good'), evil: await build('evil') };
  const signing = ['--key', 'cosign.key', '--tlog-upload=false', '--yes'];
  await output('cosign', ['sign', ...signing, `${repository}@${images.good.digest}`], options);
});
afterAll(async () => {
  await classic?.stop();
});

/** Whom the engine takes from that name, by what it shows and by what it runs. */
async function takenBy(
  name: string,
  platform: readonly string[],
  host: readonly string[] = [],
): Promise<Record<'pulled' | 'ran' | 'user', string>> {
  try {
    await run('docker', [...host, 'pull', '-q', ...platform, name]);
    const format = '{{.Config.Labels.who}} {{.Config.User}}';
    const shown = await run('docker', [...host, 'image', 'inspect', '-f', format, name]);
    const ran = await runContainer(['--pull=never', '--network=none', ...platform, name], host);
    const [pulled = '', user = ''] = shown.stdout.trim().split(' ');
    return { pulled: pulled || 'none', user, ran: ran.stdout || 'none' };
  } finally {
    await run('docker', [...host, 'rmi', '--force', name]);
  }
}

describe('what an engine takes out of an index has to be signed', async () => {
  const version = await output('docker', ['version', '-f', '{{.Server.Version}}']);

  // One that passes, one of each way in which it fails, and one that the two stores read otherwise.
  const few = [
    'the signed image alone',
    'Manifests beside manifests',
    'an image that calls itself an attestation',
  ];
  const tried = CASES.map((one, at) => ({ ...one, at }));
  test.each(rows(tried, ({ what }) => few.includes(what)))('$what', async (one) => {
    const name = `${repository}:case-${one.at}`;
    const root = await pushDocument(await one.index(images), MEDIA_TYPE.index, `case-${one.at}`);
    const platform = one.platform === undefined ? [] : ['--platform', one.platform];
    const { pulled, ran, user } = await takenBy(name, platform);
    if (version.startsWith('26.'))
      expect({ pulled, ran }).toEqual({ pulled: one.pulled, ran: one.ran });
    if (one.what === 'User beside user') expect(user).toBe('0');
    const byClassic = await takenBy(name, platform, ['-H', classic?.host ?? '']);
    const isKnown = version.startsWith('26.') && one.classic !== undefined;
    if (isKnown) expect(byClassic.pulled).toBe(one.classic);
    const all = [pulled, ran, byClassic.pulled, byClassic.ran];

    const key = ['--json', '--key', join(folder, 'cosign.pub'), ...platform];
    const verified = await scoville.expect(one.exitCode, ['verify', ...key, name]);
    if (all.includes('evil')) expect(verified.exitCode).not.toBe(0);
    const graded = await scoville.run(['grade', '--scanner', 'none', ...key, name]);
    if (one.exitCode === 2) {
      expect([graded.exitCode, graded.stdout]).toEqual([2, '']);
      expect(graded.stderr).toContain(one.says);
      const { images } = JSON.parse(verified.stdout) as { images: readonly unknown[] };
      expect(images).toMatchObject([
        { outcome: 'unjudged', reasons: [expect.stringContaining(one.says ?? '')] },
      ]);
      return;
    }
    const [answer] = (JSON.parse(verified.stdout) as { images: readonly ImageVerification[] })
      .images;
    expect(answer?.digest).toBe(root.digest);
    if (one.says === undefined) expect(answer?.reasons).toEqual([]);
    else expect(answer?.reasons.join('\n')).toContain(one.says);
    const { criteria, notGraded, platforms } = JSON.parse(graded.stdout) as Scorecard;
    expect(criteria.find(({ id }) => id === 'signed')?.outcome).toBe(one.signed);
    expect(notGraded).toEqual(one.notGraded);
    // What lacks the signature is named by both: the entry in verify's reason, each platform in the
    // scorecard.
    const unsigned = /sha256:[0-9a-f]{64}/.exec(answer?.reasons.join() ?? '')?.[0];
    if (one.signed === 'fail') expect(platforms.map(({ digest }) => digest)).toContain(unsigned);
  });
});

describe('a layer that is not there ends in an error that names it', () => {
  const bytes = new ImageBytes();
  const image = bytes.image({ text: `lost ${OWN}` });
  const { config, layers } = JSON.parse(String(bytes.blobs.get(image.digest))) as Manifest;
  const lost = layers[0]?.digest ?? '';
  const blobOf = (digest: string): Buffer => bytes.blobs.get(digest) ?? Buffer.alloc(0);

  async function expectNamed(name: string): Promise<void> {
    const args = ['grade', '--json', '--scanner', 'none', name];
    const { stdout, stderr } = await scoville.expect(2, args, { cwd: folder });
    expect(stdout).toBe('');
    expect(stderr).toContain(`lacks layer ${lost}`);
  }

  test('in a registry', async () => {
    const own = `${path}/lost`;
    await pushBlob(own, blobOf(config.digest));
    await pushBlob(own, blobOf(lost));
    const manifests = `http://${registry}/v2/${own}/manifests/1`;
    await ask('PUT', manifests, blobOf(image.digest), image.mediaType);
    await ask('DELETE', `http://${registry}/v2/${own}/blobs/${lost}`);
    await expectNamed(`${registry}/${own}:1`);
  });

  test('in a layout and in an archive', async () => {
    const whole = bytes.layout([image]);
    const files = Object.fromEntries(
      Object.entries(whole).filter(([name]) => !name.endsWith(lost.replace('sha256:', ''))),
    );
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, 'layout', name)), { recursive: true });
      writeFileSync(join(folder, 'layout', name), content);
    }
    await expectNamed('oci:layout');
    writeFileSync(join(folder, 'lost.tar'), archiveOf(files));
    await expectNamed('oci-archive:lost.tar');
  });
});
