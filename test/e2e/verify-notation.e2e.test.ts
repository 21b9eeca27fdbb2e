import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ImageVerification } from '../../src/model/criterion.ts';
import { bases, output, OWN, registry, run } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const second = process.env['SCOVILLE_SECOND_TOOLCHAIN'] ?? '';
const PATH = `${process.env['PATH'] ?? ''}:${join(second, 'bin')}`;
const isDebianRoot = existsSync('/etc/debian_version') && process.getuid?.() === 0;
const hasNotation =
  isDebianRoot || (await run('which', ['notation'], { env: { PATH } })).exitCode === 0;

describe.runIf(hasNotation)('what notation signed', () => {
  const scoville = scovilleHere();
  const repository = `${registry}/e2e/notation-${OWN}`;
  const home = folderHere('notation');
  let image = '';

  const env = (who = 'mine') => ({ PATH, XDG_CONFIG_HOME: join(home, who) });
  const signAs = (who: string, format: string) =>
    output('notation', ['sign', '--insecure-registry', '--signature-format', format, image], {
      env: env(who),
    });

  function policy(level: string, scope = repository): void {
    writeFileSync(
      join(home, 'mine/notation/trustpolicy.json'),
      JSON.stringify({
        version: '1.0',
        trustPolicies: [
          {
            name: 'e2e',
            registryScopes: [scope],
            signatureVerification: { level },
            trustStores: ['ca:mine.test'],
            trustedIdentities: ['*'],
          },
        ],
      }),
    );
  }

  async function answer(exitCode: number, ...args: readonly string[]): Promise<ImageVerification> {
    const ended = await scoville.expect(exitCode, ['verify', '--json', ...args, image], {
      env: env(),
    });
    const { images } = JSON.parse(ended.stdout) as { images: readonly ImageVerification[] };
    const [first] = images;
    if (first === undefined) throw new Error('no answer');
    return first;
  }

  beforeAll(async () => {
    for (const who of ['mine', 'other']) {
      mkdirSync(join(home, who));
      const args = ['cert', 'generate-test', '--default', `${who}.test`];
      await output('notation', args, { env: env(who) });
    }
    writeFileSync(join(home, 'Dockerfile'), `FROM ${bases.busybox}\nLABEL of=${OWN}\n`);
    const build = ['buildx', 'build', '--provenance=false', '--push', '-t', `${repository}:1`];
    await output('docker', [...build, home]);
    const format = ['--format', '{{json .Manifest}}'];
    const text = await output('docker', [
      ...['buildx', 'imagetools', 'inspect', ...format, `${repository}:1`],
    ]);
    await run('docker', ['rmi', '--force', `${repository}:1`]);
    image = `${repository}@${(JSON.parse(text) as { digest: string }).digest}`;
  });

  test('verifies by the user’s trust policy, in both envelopes; another’s does not', async () => {
    policy('strict');
    await signAs('mine', 'jws');
    await signAs('mine', 'cose');
    const both = await answer(0);
    expect(both.signatures.map((s) => `${s.type} ${s.verification}`)).toEqual([
      'notation verified',
      'notation verified',
    ]);
    expect(both.signedBy).toBe('trust policy e2e of notation');
    await signAs('other', 'jws');
    const all = (await answer(0)).signatures.map((s) => s.verification);
    expect([...all].sort()).toEqual(['failed', 'verified', 'verified']);
  });

  test.each(['audit', 'permissive'])('under the level %s', async (level) => {
    policy(level);
    const found = await answer(level === 'audit' ? 2 : 0);
    if (level === 'audit')
      expect(found.reasons).toContain('the trust policy e2e does not enforce authenticity');
  });

  test('a policy for other repositories does not speak of this one', async () => {
    policy('strict', 'registry.example/other');
    expect((await answer(2)).reasons.at(-1)).toContain('has no statement for');
  });

  test('a key that is named is not notation’s', async () => {
    policy('strict');
    await output('cosign', ['generate-key-pair'], { cwd: home, env: { COSIGN_PASSWORD: '' } });
    await answer(1, '--key', join(home, 'cosign.pub'));
  });
});
