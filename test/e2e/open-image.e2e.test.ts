import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { localImages } from '../../src/build/docker.ts';
import { openCache } from '../../src/image/caches.ts';
import { openStore } from '../../src/image/layout/store.ts';
import { openImage, parseImageName } from '../../src/image/open-image.ts';
import { parsePlatform } from '../../src/image/platforms.ts';
import { RegistryClient } from '../../src/image/registry/client.ts';
import { walkLayer } from '../../src/image/walk/layer-walk.ts';
import { type RunTool, runTool } from '../../src/lib/run-tool.ts';
import type { OpenedImage } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { type ClassicEngine, startClassicEngine } from './classic-engine.ts';
import { discard, output, registry, run } from './harness.ts';
import { folderHere } from './workplace.ts';

const REPOSITORY = `${registry}/e2e/open`;
const NAME = `${REPOSITORY}:two`;
const dir = folderHere('open');
const at = (name: string): string => join(dir, name);
let digest = '';

/** Opens as `scoville grade` does; `saves` counts how often the engine gave out an image. */
async function open(
  text: string,
  options: { readonly platform?: string; readonly host?: string; readonly cache?: string } = {},
): Promise<{ readonly image: OpenedImage; readonly saves: () => number }> {
  let saves = 0;
  const counted: RunTool = (what) => {
    if (what.args[0] === 'save') saves += 1;
    const env = options.host === undefined ? {} : { DOCKER_HOST: options.host };
    return runTool({ ...what, env: { ...what.env, ...env } });
  };
  const platform = options.platform === undefined ? undefined : parsePlatform(options.platform);
  const image = await openImage(await parseImageName(text, dir), {
    order: ['engine', 'registry'],
    client: (host) =>
      new RegistryClient({ registry: host, credentials: () => Promise.resolve(undefined) }),
    engine: localImages(counted),
    store: () => openStore(at('store')),
    stdin: () => {
      throw new Error('nothing is on stdin');
    },
    run: runTool,
    spoolDir: at('spool'),
    documents: openCache({ paths: { cache: at(options.cache ?? 'first') } }, 'documents', 1),
    ...(platform === undefined ? {} : { platform }),
  });
  return { image, saves: () => saves };
}

/** diffIDs by platform, after every layer was read and verified. */
async function contents(image: OpenedImage): Promise<Readonly<Record<string, readonly string[]>>> {
  const found: Record<string, readonly string[]> = {};
  for (const { config, layers } of image.platforms) {
    for (const { blob, diffId } of layers)
      await walkLayer({
        open: () => image.openLayer(blob),
        mediaType: blob.mediaType,
        collectors: [],
        expectedDigest: blob.digest,
        expectedDiffId: diffId,
      });
    found[config.architecture] = layers.map(({ diffId }) => diffId);
  }
  return found;
}

async function kindsOf(image: OpenedImage): Promise<readonly string[]> {
  const { found } = await image.attachments();
  return found.map(({ kind, manifest }) => `${kind} ${manifest.artifactType ?? ''}`.trim());
}

let expected: Awaited<ReturnType<typeof contents>>;

beforeAll(async () => {
  writeFileSync(at('a.txt'), 'hello\n');
  writeFileSync(
    at('Dockerfile'),
    'FROM scratch\nARG TARGETARCH\nCOPY a.txt /a-${TARGETARCH}.txt\nCMD ["/x"]\n',
  );
  const platforms = ['--platform', 'linux/amd64,linux/arm64'];
  await output('docker', [
    ...['buildx', 'build', '--push', '--provenance=true', ...platforms, '-t', NAME, dir],
  ]);
  await run('docker', ['rmi', '--force', NAME]);
  const raw = await output('skopeo', [
    'inspect',
    '--tls-verify=false',
    '--raw',
    `docker://${NAME}`,
  ]);
  digest = digestOf(raw);
  const { image } = await open(`registry:${NAME}`);
  expected = await contents(image);
});

afterAll(() => {
  discard([NAME, `${REPOSITORY}:one`]);
});

describe('a registry', () => {
  test('by tag, by digest, one platform of two', async () => {
    for (const text of [NAME, `registry:${REPOSITORY}@${digest}`]) {
      const { image } = await open(text);
      expect(image.place).toBe('registry');
      expect(image.root.digest).toBe(digest);
      expect(Object.keys(await contents(image))).toEqual(['amd64', 'arm64']);
    }
    const { image } = await open(NAME, { platform: 'linux/aarch64' });
    expect(await contents(image)).toEqual({ arm64: expected['arm64'] });
    await expect(open(NAME, { platform: 'linux/s390x' })).rejects.toThrow('has no linux/s390x');
    await expect(open(`${REPOSITORY}:none`)).rejects.toThrow('has no e2e/open:none');
  });

  test('what oras attached and cosign signed; the same in layouts of oras and of cosign', async () => {
    writeFileSync(at('sbom.json'), '{}');
    const attach = ['attach', '--plain-http', '--artifact-type', 'application/spdx+json'];
    await output(
      'oras',
      [...attach, `${REPOSITORY}@${digest}`, 'sbom.json:application/spdx+json'],
      { cwd: dir },
    );
    const env = { COSIGN_PASSWORD: '' };
    await output('cosign', ['generate-key-pair'], { cwd: dir, env });
    const signing = [
      ...['--key', 'cosign.key', '--tlog-upload=false', '-y', '--allow-insecure-registry'],
    ];
    await output('cosign', ['sign', ...signing, `${REPOSITORY}@${digest}`], { cwd: dir, env });
    const attest = ['attest', '--type', 'spdx', '--predicate', 'sbom.json'];
    await output('cosign', [...attest, ...signing, `${REPOSITORY}@${digest}`], { cwd: dir, env });
    const tags = ['cosign-attestation-tag', 'cosign-signature-tag'];
    const builds = ['buildkit-attestation', 'buildkit-attestation'];
    const referrer = 'referrer application/spdx+json';
    const { image } = await open(`registry:${NAME}`);
    expect((await image.attachments()).complete).toBe(true);
    expect(await kindsOf(image)).toEqual([...tags, referrer, ...builds]);

    await output('oras', [
      ...['copy', '-r', '--from-plain-http', '--to-oci-layout', NAME, `${at('oras')}:two`],
    ]);
    const oras = (await open('./oras')).image;
    expect(oras.root.digest).toBe(digest);
    expect(await kindsOf(oras)).toEqual([referrer, ...builds]);
    expect(await contents(oras)).toEqual(expected);

    await output('cosign', ['save', '--dir', at('cosign'), NAME]);
    const cosign = (await open('oci:cosign')).image;
    expect(cosign.root.digest).toBe(digest);
    expect(await kindsOf(cosign)).toEqual([...tags, ...builds]);
  });
});

describe('layouts and archives', () => {
  const copy = (...args: readonly string[]): Promise<string> =>
    output('skopeo', ['copy', '-q', '--src-tls-verify=false', ...args]);

  test('of skopeo, with every platform', async () => {
    await copy('--all', `docker://${NAME}`, `oci:${at('layout')}:two`);
    await copy('--all', `docker://${NAME}`, `oci-archive:${at('layout.tar')}:two`);
    await output('gzip', ['-k', at('layout.tar')]);
    for (const text of ['./layout', 'oci:layout:two', 'layout.tar', './layout.tar.gz']) {
      const { image } = await open(text);
      expect(image.root.digest).toBe(digest);
      expect(await contents(image)).toEqual(expected);
      expect(await kindsOf(image)).toEqual(['buildkit-attestation', 'buildkit-attestation']);
      await image.close();
    }
  });

  test('in the old form of docker save', async () => {
    await copy(`docker://${NAME}`, `docker-archive:${at('old.tar')}:app:1`);
    for (const text of ['old.tar', 'docker-archive:old.tar:app:1']) {
      const { image } = await open(text);
      expect(await contents(image)).toEqual({ amd64: expected['amd64'] });
      await image.close();
    }
  });
});

describe("Docker's store", () => {
  test('containerd: saved once, then for layers only', async () => {
    await output('docker', ['pull', '-q', NAME]);
    const first = await open(NAME);
    expect(first.image.place).toBe('engine');
    expect(first.image.root.digest).toBe(digest);
    expect(await contents(first.image)).toMatchObject({ amd64: expected['amd64'] });
    expect(first.saves()).toBe(1);
    expect(first.image.withoutAttachments).toContain('keeps no signatures');
    await first.image.close();

    await output('docker', ['save', '-o', at('new.tar'), NAME]);
    const archive = (await open('new.tar')).image;
    expect(archive.root.digest).toBe(digest);
    await archive.close();
  });

  test('an image of one platform is opened again without a save, by name and by id', async () => {
    await output('docker', [
      ...['buildx', 'build', '-q', '--provenance=false', '--load', '-t', `${REPOSITORY}:one`],
      dir,
    ]);
    const inspect = ['image', 'inspect', '--format', '{{.Id}}', `${REPOSITORY}:one`];
    const id = (await output('docker', inspect)).trim();
    const first = await open(`docker:${REPOSITORY}:one`);
    expect(first.image.root.digest).toBe(id);
    await first.image.close();
    for (const text of [`${REPOSITORY}:one`, id]) {
      const again = await open(text);
      expect(again.image.platforms).toEqual(first.image.platforms);
      expect(again.saves()).toBe(0);
      await contents(again.image);
      expect(again.saves()).toBe(1);
      await again.image.close();
    }
  });

  // A second engine needs root; on Debian, where npm test brings dockerd, it is there.
  describe.runIf(existsSync('/etc/debian_version') && process.getuid?.() === 0)('classic', () => {
    let classic: ClassicEngine | undefined;

    beforeAll(async () => {
      classic = await startClassicEngine();
    });
    afterAll(async () => {
      await classic?.stop();
    });

    test('the same layers under a manifest of their own', async () => {
      const host = classic?.host ?? '';
      await output('docker', ['-H', host, 'load', '-i', at('old.tar')]);
      const first = await open('docker:app:1', { host, cache: 'classic' });
      expect(await contents(first.image)).toEqual({ amd64: expected['amd64'] });
      expect(first.saves()).toBe(1);
      await first.image.close();
      const again = await open('app:1', { host, cache: 'classic' });
      expect(again.image.root).toEqual(first.image.root);
      expect(again.saves()).toBe(0);
      expect(again.image.withoutAttachments).toContain('keeps no signatures');
      await again.image.close();
    });
  });
});
