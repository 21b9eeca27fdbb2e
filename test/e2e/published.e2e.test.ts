import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { bases, output, OWN, registry, run } from './harness.ts';
import { answers, askSkopeo, cells, readers } from './readers.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const second = process.env['SCOVILLE_SECOND_TOOLCHAIN'] ?? '';
const hasSecond = existsSync(join(second, 'ready'));
const hasSkopeo = (await run('which', ['skopeo'])).exitCode === 0;
const scoville = scovilleHere();
const repository = `${registry}/e2e/published-${OWN}`;
const image = `${repository}:1`;
const folder = folderHere('published');
let digests: readonly string[] = [];
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  writeFileSync(at('Dockerfile'), `FROM ${bases.busybox}\nRUN echo ${OWN} > /p\nUSER 1\n`);
  writeFileSync(
    at('none.json'),
    '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
  );
  await scoville.run(['build', '-q', '--scanner', 'none', '--push', '-t', image, folder]);
  const inspect = ['buildx', 'imagetools', 'inspect', '--format', '{{json .Manifest}}', image];
  const index = JSON.parse(await output('docker', inspect)) as {
    digest: string;
    manifests: readonly { digest: string }[];
  };
  digests = [index.digest, ...index.manifests.map(({ digest }) => digest)];
});

const key = (): Parameters<typeof readers>[0] => ({
  by: ['--key', scoville.publicKey, '--insecure-ignore-tlog'],
  trustedRoot: 'none.json',
});
const names = Object.keys(readers(key())).filter(
  (name) => hasSecond || !name.startsWith('cosign 3'),
);

test.each(names)('%s reads what the table says', async (name) => {
  const asked = readers(key())[name] ?? ['false', []];
  const images = digests.map((digest) => `${repository}@${digest}`);
  expect(cells(name).key).toEqual(await answers(asked, images, { cwd: folder }));
});

test.runIf(hasSkopeo)('skopeo (`sigstoreSigned`) reads what the table says', async () => {
  const said = await askSkopeo(folder, image, { keyPath: scoville.publicKey });
  expect(cells('skopeo, podman, CRI-O (`sigstoreSigned`)').key).toEqual(['yes', 'yes']);
  expect(said).toEqual(['', '']);
});

test('another signer’s statements survive a build, our own are there once', async () => {
  const env = { COSIGN_PASSWORD: '' };
  const target = `${repository}@${digests[0] ?? ''}`;
  await output('cosign', ['generate-key-pair', '--output-key-prefix', 'other'], {
    cwd: folder,
    env,
  });
  writeFileSync(at('p.json'), '{"a":1}');
  const offline = ['--yes', '--tlog-upload=false', '--key', 'other.key'];
  await output('cosign', ['sign', ...offline, target], { cwd: folder, env });
  const custom = ['--type', 'custom', '--predicate', 'p.json'];
  await output('cosign', ['attest', ...offline, ...custom, target], { cwd: folder, env });
  rmSync(join(scoville.home, 'cache', 'results'), { recursive: true, force: true });
  await scoville.run(['build', '-q', '--scanner', 'none', '--push', '-t', image, folder]);
  const other = ['--key', 'other.pub', '--insecure-ignore-tlog'];
  await output('cosign', ['verify', ...other, target], { cwd: folder });
  await output('cosign', ['verify-attestation', '--type', 'custom', ...other, target], {
    cwd: folder,
  });
  const { stdout } = await scoville.run(['verify', '--json', image]);
  const { images } = JSON.parse(stdout) as {
    images: readonly { attestations: readonly { type: string; verification: string }[] }[];
  };
  const verified = (images[0]?.attestations ?? []).filter((a) => a.verification === 'verified');
  expect(verified.length).toBe(new Set(verified.map(({ type }) => type)).size);
});
