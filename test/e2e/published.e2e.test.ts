import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bases, output, registry, ROOT, run, Scoville } from './harness.ts';

const second = process.env['SCOVILLE_SECOND_TOOLCHAIN'] ?? '';
const cosign3 = join(second, 'bin', 'cosign');
const hasSecond = existsSync(join(second, 'ready'));
const hasSkopeo = (await run('which', ['skopeo'])).exitCode === 0;
const scoville = new Scoville();
const repository = `${registry}/e2e/published-${process.pid}`;
const image = `${repository}:1`;
let folder = '';
let digests: readonly string[] = [];
const at = (name: string): string => join(folder, name);
const VSA = 'https://slsa.dev/verification_summary/v1';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scoville-published-'));
  writeFileSync(at('Dockerfile'), `FROM ${bases.busybox}\nRUN echo ${process.pid} > /p\nUSER 1\n`);
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

afterAll(async () => {
  await scoville.remove();
  rmSync(folder, { recursive: true, force: true });
});

const key = (): readonly string[] => ['--key', scoville.publicKey, '--insecure-ignore-tlog'];
const BUNDLES = ['--trusted-root', 'none.json'];

/** Whether a reader accepts index and platform, as the table of docs/attestations.md says in its row. */
const READERS: Readonly<Record<string, () => readonly [string, readonly string[]]>> = {
  'cosign 2.5 `verify`': () => ['cosign', ['verify', ...key()]],
  'cosign 2.5 `verify-attestation`': () => [
    'cosign',
    ['verify-attestation', ...key(), '--type', VSA],
  ],
  'cosign 2.5 `verify-attestation --new-bundle-format`': () => [
    'cosign',
    ['verify-attestation', '--new-bundle-format', ...key(), ...BUNDLES, '--type', VSA],
  ],
  'cosign 3.1 `verify`': () => [cosign3, ['verify', ...key(), ...BUNDLES]],
  'cosign 3.1 `verify-attestation`': () => [
    cosign3,
    ['verify-attestation', ...key(), ...BUNDLES, '--type', VSA],
  ],
};

function row(reader: string): string {
  const page = readFileSync(join(ROOT, 'docs/attestations.md'), 'utf8');
  return page.split('\n').find((line) => line.startsWith(`| ${reader} |`)) ?? '';
}

test.each(Object.keys(READERS).filter((name) => hasSecond || !name.startsWith('cosign 3')))(
  '%s reads what the table says',
  async (reader) => {
    const [command, args] = READERS[reader]?.() ?? ['', []];
    const answers: string[] = [];
    for (const digest of digests) {
      const given = [...args, `${repository}@${digest}`];
      answers.push((await run(command, given, { cwd: folder })).exitCode === 0 ? 'yes' : 'no');
    }
    expect(
      row(reader)
        .split('|')
        .slice(2, 4)
        .map((cell) => cell.trim()),
    ).toEqual(answers);
  },
);

test.runIf(hasSkopeo)('skopeo (`sigstoreSigned`) reads what the table says', async () => {
  const trusted = [
    {
      type: 'sigstoreSigned',
      keyPath: scoville.publicKey,
      signedIdentity: { type: 'matchRepository' },
    },
  ];
  const policy = {
    default: [{ type: 'reject' }],
    transports: { docker: { [repository]: trusted } },
  };
  writeFileSync(at('policy.json'), JSON.stringify(policy));
  writeFileSync(at('r.yaml'), `docker:\n  ${registry}:\n    use-sigstore-attachments: true\n`);
  const copy = (...args: readonly string[]) =>
    run('skopeo', [
      ...['--policy', at('policy.json'), '--registries.d', folder, 'copy'],
      ...[...args, '--src-tls-verify=false', `docker://${image}`, `dir:${at('out')}`],
    ]);
  const index = await copy('--all');
  const platform = await copy();
  expect(row('skopeo, podman, CRI-O (`sigstoreSigned`)')).toContain('| yes | yes |');
  expect([index.exitCode, platform.exitCode], platform.stderr + index.stderr).toEqual([0, 0]);
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
