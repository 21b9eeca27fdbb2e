import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { regoRule } from '../../src/trust/policy.ts';
import { bases, discard, type Ended, output, OWN, pinned, registry, run } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const second = process.env['SCOVILLE_SECOND_TOOLCHAIN'] ?? '';
const path = (process.env['PATH'] ?? '')
  .split(':')
  .filter((one) => one !== join(second, 'bin'))
  .join(':');
/** The clients of each toolchain: PATH for cosign, DOCKER_CONFIG for buildx. */
const TOOLCHAINS: readonly [string, Readonly<Record<string, string>>][] = [
  ['the first toolchain', { PATH: path }],
  ...(existsSync(join(second, 'ready'))
    ? [
        [
          'the second toolchain',
          { PATH: `${join(second, 'bin')}:${path}`, DOCKER_CONFIG: join(second, 'docker-config') },
        ] as [string, Readonly<Record<string, string>>],
      ]
    : []),
];
const hasSkopeo = (await run('which', ['skopeo'])).exitCode === 0;
const hasPodman = (await run('which', ['podman'])).exitCode === 0;

describe('scoville policy', () => {
  const scoville = scovilleHere();
  const repository = `${registry}/e2e/policy-${OWN}/app`;
  const of = (tag: string): string => `${repository}:${tag}`;
  const nested = `${repository}/evil`;
  const folder = folderHere('policy-e2e');
  const at = (...names: readonly string[]): string => join(folder, ...names);

  /** Moves an image with its signatures under another name. */
  async function copyTo(to: string, digests: readonly string[]): Promise<void> {
    const plain = ['copy', '--src-tls-verify=false', '--dest-tls-verify=false'];
    await output('skopeo', [...plain, '--all', `docker://${of('1')}`, `docker://${to}:1`]);
    for (const digest of digests) {
      const tag = `${digest.replace(':', '-')}.sig`;
      await output('skopeo', [...plain, `docker://${repository}:${tag}`, `docker://${to}:${tag}`]);
    }
  }

  async function digestsOf(image: string): Promise<readonly string[]> {
    const raw = ['imagetools', 'inspect', '--raw', image];
    const text = await output('docker', ['buildx', ...raw]);
    const { manifests } = JSON.parse(text) as { manifests: readonly { digest: string }[] };
    const root = (await pinned(image)).slice(image.length + 1);
    return [root, ...manifests.map(({ digest }) => digest)];
  }

  beforeAll(async () => {
    writeFileSync(at('hello'), OWN);
    // Level 1: nothing but a file. The other has a base that does not reach it.
    writeFileSync(at('Dockerfile'), 'FROM scratch\nCOPY hello /\n');
    writeFileSync(at('low.Dockerfile'), `FROM ${bases.busybox}\nRUN echo ${OWN} > /low\n`);
    await scoville.expect(0, ['build', '-q', '--push', '-t', of('1'), folder]);
    const low = ['-f', at('low.Dockerfile'), '-t', of('low'), folder];
    await scoville.expect(0, ['build', '-q', '--push', ...low]);
    const key = { cwd: folder, env: { COSIGN_PASSWORD: '', PATH: path } };
    await output('cosign', ['generate-key-pair', '--output-key-prefix', 'other'], key);
    for (const tag of ['other', 'unsigned']) {
      const dockerfile = at(`${tag}.Dockerfile`);
      writeFileSync(dockerfile, `FROM scratch\nCOPY hello /${tag}\n`);
      const args = ['buildx', 'build', '--provenance=false', '--push', '-t', of(tag)];
      await output('docker', [...args, '-f', dockerfile, folder]);
    }
    const sign = ['sign', '--tlog-upload=false', '--yes', '--key'];
    await output('cosign', [...sign, at('other.key'), of('other')], key);
    const [root = '', platform = ''] = await digestsOf(of('1'));
    if (hasSkopeo) await copyTo(nested, [root, platform]);
    await scoville.expect(0, ['policy', '--output', at('signed'), of('1')]);
    const asked = ['--min-level', '1', '--type', 'provenance', '--type', 'sbom'];
    await scoville.expect(0, ['policy', ...asked, '--output', at('stated'), of('1')]);
  });
  afterAll(() => {
    discard([of('other'), of('unsigned')]);
  });

  test('nothing is written for an image that does not verify', async () => {
    for (const tag of ['other', 'unsigned', 'low']) {
      const more = tag === 'low' ? ['--min-level', '1'] : ['--key', scoville.publicKey];
      const ended = await scoville.expect(1, ['policy', ...more, '-o', at('none'), of(tag)]);
      expect(ended.stderr).toContain('not verified');
    }
    expect(existsSync(at('none'))).toBe(false);
  });

  test('an index that is not signed itself gets none, though its platform is signed', async () => {
    const bare = `${repository}/bare`;
    const plain = ['copy', '--src-tls-verify=false', '--dest-tls-verify=false'];
    if (!hasSkopeo) return;
    const [, platform = ''] = await digestsOf(of('1'));
    await output('skopeo', [...plain, '--all', `docker://${of('1')}`, `docker://${bare}:1`]);
    const tag = `${platform.replace(':', '-')}.sig`;
    await output('skopeo', [...plain, `docker://${repository}:${tag}`, `docker://${bare}:${tag}`]);
    const ended = await scoville.expect(2, ['policy', '-o', at('bare'), `${bare}:1`]);
    expect(ended.stderr).toContain('is not signed itself');
  });

  test('a single file goes to stdout, several need a folder, an engine that cannot is named', async () => {
    const one = await scoville.expect(0, ['policy', '--for', 'kyverno', of('1')]);
    expect(one.stdout).toBe(readFileSync(at('signed', 'kyverno.yaml'), 'utf8'));
    const two = await scoville.expect(2, ['policy', '--for', 'cosign', of('1')]);
    expect(two.stderr).toContain('--output DIR');
    const none = await scoville.expect(2, [
      ...['policy', '--for', 'containers-image', '--min-level', '1', of('1')],
    ]);
    expect(none.stderr).toContain('no policy for containers-image: its policy reads signatures');
  });

  describe.each(TOOLCHAINS)('%s', (_, env) => {
    const verify = (name: string, ...image: readonly string[]): Promise<Ended> =>
      run('sh', [at(name, 'cosign', 'verify.sh'), ...image], { env });

    test('cosign admits the signed image, and no other', async () => {
      const [root] = await digestsOf(of('1'));
      for (const image of [[], [of('1')], [`${repository}@${root ?? ''}`]]) {
        const ended = await verify('stated', ...image);
        expect([ended.exitCode, ended.stdout]).toEqual([0, `${repository}@${root ?? ''}\n`]);
      }
      expect((await verify('signed', of('low'))).exitCode).toBe(0);
      const refused = [
        ...[of('low'), of('other'), of('unsigned'), of('absent')],
        ...[`${nested}:1`, `${repository}x:1`, `evil.example.com/${repository}:1`],
        ...[`${of('1')}/x`, `${of('1')} x`, `${repository}:$(touch ${at('pwned')})`],
      ];
      for (const image of refused) expect((await verify('stated', image)).exitCode, image).toBe(1);
      expect((await verify('signed', of('unsigned'))).exitCode).toBe(1);
      expect((await verify('signed', of('other'))).exitCode).toBe(1);
      expect(existsSync(at('pwned'))).toBe(false);
    });

    test('BuildKit uses the digest that verified, and no other image', async () => {
      const [root] = await digestsOf(of('1'));
      const policy = { EXPERIMENTAL_BUILDKIT_SOURCE_POLICY: '' };
      policy.EXPERIMENTAL_BUILDKIT_SOURCE_POLICY = at('signed', 'buildkit-source-policy.json');
      mkdirSync(at('empty'), { recursive: true });
      const build = (from: string): Promise<Ended> =>
        run(
          'docker',
          [
            ...['buildx', 'build', '--progress=plain', '--output', 'type=cacheonly', '-f', '-'],
            at('empty'),
          ],
          { env: { ...env, ...policy }, input: `FROM ${from}\nLABEL a=b\n` },
        );
      for (const from of [of('1'), `${repository}@${root ?? ''}`]) {
        const ended = await build(from);
        expect(ended.exitCode, ended.stderr).toBe(0);
        expect(ended.stderr).toContain(`@${root ?? ''}`);
      }
      for (const from of [of('low'), of('unsigned'), `${nested}:1`, bases.busybox])
        expect((await build(from)).stderr, from).toContain('denied by policy');
    });
  });

  test.runIf(TOOLCHAINS.length > 1)('policy-controller’s Rego, read by cosign’s OPA', async () => {
    const [, env = {}] = TOOLCHAINS[1] ?? [];
    const rule = (n: number) =>
      regoRule({
        name: 'level',
        predicateType: 'https://slsa.dev/verification_summary/v1',
        checks: [
          { path: ['verifier', 'id'], is: 'equal', text: 'pkg:npm/scoville' },
          { path: ['verifiedLevels'], is: 'containing', text: `CHPS_LEVEL_${n}` },
        ],
      })
        // As cosign asks for it.
        .replace('package sigstore', 'package signature')
        .replaceAll('isCompliant', 'allow');
    const holds = async (n: number): Promise<boolean> => {
      writeFileSync(at('level.rego'), rule(n));
      const offline = ['--trusted-root', at('stated', 'cosign', 'no-services.json')];
      const ended = await run(
        'cosign',
        [
          ...['verify-attestation', '--key', scoville.publicKey, '--insecure-ignore-tlog'],
          ...[...offline, '--type', 'https://slsa.dev/verification_summary/v1'],
          ...['--policy', at('level.rego'), of('1')],
        ],
        { env },
      );
      return ended.exitCode === 0;
    };
    expect([await holds(1), await holds(5)]).toEqual([true, false]);
  });

  test.runIf(hasSkopeo)('skopeo and podman pull the signed image, and no other', async () => {
    const policy = at('signed', 'containers', 'policy.json');
    const places = at('signed', 'containers', 'registries.d');
    const skopeo = async (image: string, ...more: readonly string[]): Promise<Ended> => {
      rmSync(at('pulled'), { recursive: true, force: true });
      const global = ['--policy', policy, '--registries.d', places, 'copy'];
      const args = [...global, '--src-tls-verify=false', ...more, `docker://${image}`];
      return run('skopeo', [...args, `dir:${at('pulled')}`]);
    };
    expect((await skopeo(of('1'))).stderr).toBe('');
    expect((await skopeo(of('1'), '--all')).stderr).toBe('');
    for (const image of [of('other'), of('unsigned'), `${nested}:1`, bases.busybox])
      expect((await skopeo(image)).stderr, image).toMatch(/rejected/);
    if (!hasPodman) return;
    // Where the comment in the file says that they go.
    cpSync(at('signed', 'containers'), at('home', '.config', 'containers'), { recursive: true });
    const podman = (image: string): Promise<Ended> =>
      run(
        'podman',
        [
          ...['--root', at('podman'), '--runroot', at('podman-run'), '--storage-driver', 'vfs'],
          ...['pull', '--tls-verify=false', image],
        ],
        { env: { HOME: at('home'), XDG_CONFIG_HOME: undefined } },
      );
    const ended = await podman(of('1'));
    expect(ended.exitCode, ended.stderr).toBe(0);
    for (const image of [of('unsigned'), `${nested}:1`])
      expect((await podman(image)).stderr, image).toMatch(/rejected/);
  });
});
