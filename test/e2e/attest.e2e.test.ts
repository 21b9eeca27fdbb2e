import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { DEFAULT_SYSCALLS } from '../../src/criteria/security-profile/seccomp-default.ts';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { printedBy } from './containers.ts';
import { bases, discard, output, own, registry, Scoville } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

interface Verification {
  readonly level?: number;
  readonly attestations: readonly { readonly type: string; readonly verification: string }[];
}
interface ArtifactManifest {
  readonly artifactType: string;
  readonly config: { readonly mediaType: string };
  readonly subject: { readonly digest: string };
  readonly layers: readonly { readonly mediaType: string; readonly digest: string }[];
}

const ACCEPT = {
  headers: {
    accept: 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json',
  },
};
const SECCOMP = 'application/vnd.cncf.seccomp-profile.config.v1+json';
const image = own(`${registry}/attest-e2e:1`);
const repository = image.replace(/:1$/, '');
const scoville = scovilleHere();
const context = folderHere('attest');
/** The default without what few programs call. */
const profile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  architectures: ['SCMP_ARCH_X86_64'],
  syscalls: [
    {
      names: [...DEFAULT_SYSCALLS, 'arch_prctl'].filter((name) => !/^mknod/.test(name)),
      action: 'SCMP_ACT_ALLOW',
    },
  ],
};

beforeAll(() => {
  // Another image in each run: the registry keeps what was attached by other keys.
  const dockerfile = `FROM ${bases.busybox}\nLABEL run=${randomUUID()}\nUSER 65532\nENTRYPOINT ["/bin/echo", "it runs"]\n`;
  writeFileSync(join(context, 'Dockerfile'), dockerfile);
  writeFileSync(join(context, 'seccomp.json'), JSON.stringify(profile));
});

const json = (text: string): unknown => JSON.parse(text);

async function referrers(
  digest: string,
): Promise<readonly { artifactType: string; digest: string }[]> {
  // This registry has no referrers API: the tag lists them.
  const tag = digest.replace(':', '-');
  const answer = await fetch(`http://${repository.replace('/', '/v2/')}/manifests/${tag}`, ACCEPT);
  const { manifests } = (await answer.json()) as {
    manifests: { artifactType: string; digest: string }[];
  };
  return manifests;
}

async function verdictOf(
  id: string,
  ...flags: string[]
): Promise<Scorecard['criteria'][number] | undefined> {
  const { stdout } = await scoville.expect(0, [
    ...['grade', '--json', '--offline', ...flags, `registry:${image}`],
  ]);
  return (json(stdout) as Scorecard).criteria.find((one) => one.id === id);
}

test('a build attaches the profile of its settings, signed, and as the artifact that runtimes pull', async () => {
  writeFileSync(join(context, '.scoville.yaml'), 'attest:\n  seccomp: seccomp.json\n');
  const args = ['build', '--offline', '--json', '--push', '-t', image, context];
  const { stdout } = await scoville.expect(0, args);
  const { digest, criteria } = json(stdout) as Scorecard;
  expect(criteria.find(({ id }) => id === 'security-profile')?.outcome).toBe('pass');

  const [artifact] = (await referrers(digest)).filter((one) => one.artifactType === SECCOMP);
  if (artifact === undefined) throw new Error('no artifact');
  const at = `http://${repository.replace('/', '/v2/')}`;
  const manifest = (await (
    await fetch(`${at}/manifests/${artifact.digest}`, ACCEPT)
  ).json()) as ArtifactManifest;
  expect(manifest.config.mediaType).toBe(SECCOMP);
  expect(manifest.subject.digest).toBe(digest);
  expect(manifest.layers).toHaveLength(1);
  const layer = await (await fetch(`${at}/blobs/${manifest.layers[0]?.digest}`)).text();
  expect(layer).toBe(readFileSync(join(context, 'seccomp.json'), 'utf8'));

  // What was published is what Docker takes, and the artifact verifies as an image does.
  const pulled = join(context, 'pulled.json');
  writeFileSync(pulled, layer);
  const ran = ['--security-opt', `seccomp=${pulled}`, `${repository}@${digest}`];
  expect(await printedBy(...ran)).toBe('it runs\n');
  discard([`${repository}@${digest}`]);
  const key = ['--key', scoville.publicKey, '--insecure-ignore-tlog', '--allow-http-registry'];
  await output('cosign', ['verify', ...key, `${repository}@${artifact.digest}`]);
});

test('another machine reads it by the key, and unsigned it counts for nothing', async () => {
  const other = new Scoville();
  try {
    const args = ['grade', '--json', '--offline', `registry:${image}`];
    const one = json(
      (await other.expect(0, [...args, '--key', scoville.publicKey])).stdout,
    ) as Scorecard;
    expect(one.criteria.find(({ id }) => id === 'security-profile')).toMatchObject({
      outcome: 'pass',
      source: 'verified-attestation',
    });
    const two = json((await other.expect(0, args)).stdout) as Scorecard;
    expect(two.criteria.find(({ id }) => id === 'security-profile')?.outcome).toBe('unknown');
  } finally {
    other.remove();
  }
});

test('what is attached later is signed by the same key, and the verdict is renewed', async () => {
  rmSync(join(context, '.scoville.yaml'));
  writeFileSync(
    join(context, 'Dockerfile'),
    `${readFileSync(join(context, 'Dockerfile'), 'utf8')}LABEL a=b\n`,
  );
  await scoville.expect(0, ['build', '--offline', '--push', '-t', image, context]);
  expect((await verdictOf('security-profile'))?.outcome).toBe('fail');

  const flags = ['--type', 'seccomp', '--predicate', join(context, 'seccomp.json')];
  const { stdout } = await scoville.expect(0, ['attest', ...flags, '--json', image]);
  expect(json(stdout)).toMatchObject({ image, level: expect.any(Number) as number });
  const attached = json(stdout) as Scorecard;
  expect((await verdictOf('security-profile'))?.outcome).toBe('pass');
  const verified = json(
    (await scoville.expect(0, ['verify', '--json', '--key', scoville.publicKey, image])).stdout,
  ) as { images?: Verification[] } & Verification;
  const types = JSON.stringify(verified);
  expect(types).toContain('pkg:npm/scoville#seccomp-profile/v1');
  expect(types).toContain(SECCOMP);
  // cosign 2.5 verifies the profile's artifact as it does an image.
  const [artifact] = (await referrers(attached.digest)).filter(
    (one) => one.artifactType === SECCOMP,
  );
  const key = ['--key', scoville.publicKey, '--insecure-ignore-tlog', '--allow-http-registry'];
  await output('cosign', ['verify', ...key, `${repository}@${artifact?.digest ?? ''}`]);
  // cosign reads the statement by its type, too.
  const noServices = join(context, 'no-services.json');
  const root = 'application/vnd.dev.sigstore.trustedroot+json;version=0.1';
  writeFileSync(noServices, JSON.stringify({ mediaType: root }));
  await output('cosign', [
    ...['verify-attestation', '--new-bundle-format', '--key', scoville.publicKey],
    ...['--insecure-ignore-tlog', '--allow-http-registry', '--trusted-root', noServices],
    ...['--type', 'pkg:npm/scoville#seccomp-profile/v1', image],
  ]);
});

test('a profile under which no container starts is not signed, by the runtime’s own words', async () => {
  const file = join(context, 'none.json');
  const entry = { names: ['read'], action: 'SCMP_ACT_ALLOW' };
  writeFileSync(file, JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [entry] }));
  for (const args of [
    ['attest', '--type', 'seccomp', '--predicate', file, image],
    ['build', '--offline', '--profile', file, '-t', own('attest-e2e-none:1'), context],
  ]) {
    const { stderr } = await scoville.expect(2, args);
    expect(stderr).toMatch(/no container starts under the profile .*none\.json: docker: Error/);
  }
  expect(await output('docker', ['images', '--quiet', 'scoville-start'])).toBe('');
});

test('a build that only lies in the layout takes it too, and keeps it when it is pushed', async () => {
  const name = own('attest-e2e-here:1');
  const kept = ['-o', 'type=image,store=false'];
  await scoville.expect(0, ['build', '--offline', ...kept, '-t', name, context]);
  writeFileSync(join(context, 'result.json'), '{"result":"PASSED"}');
  const flags = ['--type', 'test-result', '--predicate', join(context, 'result.json')];
  const { stdout } = await scoville.expect(0, ['attest', ...flags, name]);
  expect(stdout).toMatch(/^sha256:[0-9a-f]{64} {2}Level \d/i);
});

test.each([
  [
    'no such image',
    ['--type', 'custom', '--predicate', 'result.json', `${registry}/attest-e2e-none:1`],
    'has no attest-e2e-none:1',
  ],
  [
    'no key',
    ['--type', 'custom', '--predicate', 'result.json', '--signing-key', 'no.key', image],
    'no.key: no such file',
  ],
  ['a wrong type', ['--type', 'nonsense', '--predicate', 'result.json', image], 'nonsense'],
  ['no JSON', ['--type', 'custom', '--predicate', 'Dockerfile', image], 'not JSON'],
  ['no predicate', ['--type', 'custom', image], '--predicate'],
])('%s is an error', async (_, args, said) => {
  const { stderr } = await scoville.expect(2, ['attest', ...args], { cwd: context });
  expect(stderr).toContain(said);
});
