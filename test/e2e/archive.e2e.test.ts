import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ImageVerification } from '../../src/model/criterion.ts';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { CLI, output, OWN, registry, run } from './harness.ts';
import { answers, cells, COSIGN_3, readers } from './readers.ts';
import { type RegistryServer, serveRegistry } from './registry-server.ts';
import { folderHere, scovilleHere } from './workplace.ts';

// From a build to a site without a network, and between two registries: one digest, all that hangs
// on it.

const has = async (name: string): Promise<boolean> => (await run('which', [name])).exitCode === 0;
const [hasOras, hasSkopeo, hasStrace, hasRegistry] = await Promise.all(
  ['oras', 'skopeo', 'strace', 'docker-registry'].map(has),
);
const scoville = scovilleHere();
const name = `e2e/archive-${OWN}`;
const image = `${registry}/${name}:1`;
const folder = folderHere('archive');
let digest = '';
let arm = '';
let other = '';
let server: RegistryServer | undefined;
const at = (file: string): string => join(folder, file);

interface Manifest {
  readonly digest: string;
  readonly platform?: { readonly architecture: string };
}

const imageIn = (text: string): { readonly manifests: readonly Manifest[] } =>
  JSON.parse(text) as { readonly manifests: readonly Manifest[] };

beforeAll(async () => {
  writeFileSync(at('hello'), OWN);
  writeFileSync(at('Dockerfile'), 'FROM scratch\nCOPY hello /hello\nUSER 1000\n');
  writeFileSync(
    at('none.json'),
    '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
  );
  const to = ['all.tar', 'docker.tar'].map(
    (file) => `type=${file === 'all.tar' ? 'oci' : 'docker'},dest=${at(file)}`,
  );
  const args = ['--platform', 'linux/amd64,linux/arm64', '--scanner', 'none', '-q', '-t', image];
  const outputs = to.flatMap((one) => ['-o', one]);
  const built = await scoville.expect(0, ['build', ...args, ...outputs, folder]);
  digest = built.stdout.trim();
  if (!hasRegistry) return;
  server = await serveRegistry({ folder });
  other = `127.0.0.1:${server.port}`;
});

afterAll(async () => {
  await server?.stop();
});

async function verified(...args: readonly string[]): Promise<ImageVerification> {
  const key = ['--key', scoville.publicKey];
  const { stdout } = await scoville.expect(0, ['verify', '--json', ...key, ...args]);
  const [answer] = (JSON.parse(stdout) as { images: readonly ImageVerification[] }).images;
  if (answer === undefined) throw new Error('no answer');
  return answer;
}

const STATED = ['--type', 'provenance', '--type', 'cyclonedx', '--type', 'vsa', '--min-level', '0'];

test.runIf(hasStrace)(
  'an archive is verified without a registry, an engine or a network',
  async () => {
    const key = ['--key', scoville.publicKey];
    const trace = at('trace');
    const ended = await run(
      'strace',
      [
        ...['-f', '-qq', '-e', 'trace=connect', '-o', trace, process.execPath, CLI],
        ...['verify', '--json', ...key, ...STATED, `oci-archive:${at('all.tar')}`],
      ],
      { env: { SCOVILLE_HOME: at('another home'), DOCKER_HOST: `unix://${at('none.sock')}` } },
    );
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      images: [{ digest, outcome: 'verified', missing: [] }],
    });
    const places = [...readFileSync(trace, 'utf8').matchAll(/sa_family=AF_(\w+), ([^}]*)/g)]
      .map(([, family, place]) => `${family} ${place}`)
      .filter((place) => !place.includes('/nscd/socket'));
    expect(places).toEqual([]);
  },
);

test('other tools find in it what they look for', async () => {
  if (hasOras) {
    const args = ['discover', '--format', 'json', '--oci-layout', `${at('all.tar')}:1`];
    const { manifests } = imageIn(await output('oras', args));
    expect(manifests.length).toBeGreaterThanOrEqual(4);
  }
  if (hasSkopeo) {
    const raw = await output('skopeo', ['inspect', '--raw', `oci-archive:${at('all.tar')}:1`]);
    // The form for engines has one entry, so that it needs no name.
    const alone = await output('skopeo', ['inspect', '--raw', `oci-archive:${at('docker.tar')}`]);
    expect(alone).toBe(raw);
  }
});

test('cosign verifies a directory; a changed layer, and the signature of another image, are refused', async () => {
  const dir = at('changed');
  await scoville.expect(0, ['mirror', `oci-archive:${at('all.tar')}`, `oci:${dir}`]);
  const local = ['--insecure-ignore-tlog', '--local-image', dir];
  await output('cosign', ['verify', '--key', scoville.publicKey, ...local]);
  const root = readFileSync(join(dir, 'blobs/sha256', digest.slice(7)), 'utf8');
  const isArm = ({ platform }: Manifest): boolean => platform?.architecture === 'arm64';
  arm = imageIn(root).manifests.find(isArm)?.digest ?? '';
  const manifest = join(dir, 'blobs/sha256', arm.slice(7));
  const { layers } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    readonly layers: readonly Manifest[];
  };
  const layer = join(dir, 'blobs/sha256', layers.at(-1)?.digest.slice(7) ?? '');
  const bytes = readFileSync(layer);
  // Blobs are read only.
  const replace = (content: Uint8Array): void => {
    rmSync(layer);
    writeFileSync(layer, content);
  };
  replace(Buffer.alloc(bytes.length, 1));
  const args = ['verify', '--key', scoville.publicKey];
  const changed = await scoville.expect(2, [...args, `oci:${dir}`]);
  expect(changed.stderr).toContain('has other content');
  replace(bytes);
  // The same signatures, under the names that another image's would have.
  const forged = readFileSync(manifest, 'utf8').replace(
    /"schemaVersion":\s?2/,
    '"schemaVersion":  2',
  );
  const own = digestOf(forged);
  writeFileSync(join(dir, 'blobs/sha256', own.slice(7)), forged);
  const entry = { mediaType: MEDIA_TYPE.manifest, digest: own, size: forged.length };
  const index = readFileSync(join(dir, 'index.json'), 'utf8');
  const moved = index.replaceAll(`sha256-${digest.slice(7)}`, `sha256-${own.slice(7)}`);
  const [, ...attached] = imageIn(moved).manifests;
  writeFileSync(
    join(dir, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [entry, ...attached] }),
  );
  const unsigned = await scoville.expect(1, [...args, `oci:${dir}`]);
  expect(unsigned.stdout).toContain('no signature');
});

test('push publishes it without key and build, and cosign finds all by the tag', async () => {
  const pushed = await scoville.expect(0, ['push', at('all.tar'), image], {
    env: { SCOVILLE_HOME: at('another home') },
  });
  expect(pushed.stdout).toBe(`${digest}\n`);
  expect(await verified(...STATED, image)).toMatchObject({ digest, outcome: 'verified' });
  const by = ['--key', scoville.publicKey, '--insecure-ignore-tlog'];
  await output('cosign', ['verify', ...by, image]);
  for (const type of ['slsaprovenance1', 'cyclonedx', 'spdxjson'])
    await output('cosign', ['verify-attestation', ...by, '--type', type, image]);
});

test.runIf(hasRegistry)(
  'mirror brings all to another registry, where another’s signature stays',
  async () => {
    const there = `${other}/copies/app`;
    await output('cosign', ['generate-key-pair', '--output-key-prefix', 'theirs'], {
      cwd: folder,
      env: { COSIGN_PASSWORD: '' },
    });
    const mirrored = await scoville.expect(0, ['mirror', '--json', image, there]);
    const copy = JSON.parse(mirrored.stdout) as { digest: string; attached: readonly unknown[] };
    expect(copy.digest).toBe(digest);
    expect(copy.attached.length).toBeGreaterThanOrEqual(10);
    const signing = ['sign', '--yes', '--tlog-upload=false', '--key', 'theirs.key'];
    const env = { COSIGN_PASSWORD: '' };
    await output('cosign', [...signing, `${there}@${digest}`], { cwd: folder, env });
    const again = await scoville.expect(0, ['mirror', '--json', image, `${there}:1`]);
    expect(JSON.parse(again.stdout)).toMatchObject({ digest, bytes: 0, attached: copy.attached });
    for (const key of ['theirs.pub', scoville.publicKey])
      await output('cosign', ['verify', '--key', key, '--insecure-ignore-tlog', `${there}:1`], {
        cwd: folder,
      });
    for (const reference of [`${there}:1`, `${there}@${arm}`])
      expect((await verified(...STATED, reference)).outcome).toBe('verified');
    const by = ['--key', scoville.publicKey, '--insecure-ignore-tlog'];
    const asked = readers({ by, trustedRoot: 'none.json' });
    for (const [reader, call] of Object.entries(asked))
      if (existsSync(COSIGN_3) || !reader.startsWith('cosign 3'))
        expect([reader, ...(await answers(call, [`${there}:1`], { cwd: folder }))]).toEqual([
          reader,
          cells(reader).key[0],
        ]);
  },
);
