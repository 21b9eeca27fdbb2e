import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AwsKms } from '../trust/aws.ts';
import { Vault } from '../trust/vault.ts';
import { bases, type Ended, output, OWN, own, registry, ROOT, Scoville } from './harness.ts';
import { rows } from './rows.ts';
import { folderHere } from './workplace.ts';

const second = process.env['SCOVILLE_SECOND_TOOLCHAIN'] ?? '';
const generations = [
  { name: 'cosign 2.5', bin: '', isThere: true },
  { name: 'cosign 3.1', bin: join(second, 'bin'), isThere: existsSync(join(second, 'ready')) },
];

const folder = folderHere('kms');
let vault: Vault;
let aws: AwsKms;
beforeAll(async () => {
  [vault, aws] = await Promise.all([Vault.start(), AwsKms.start()]);
  mkdirSync(join(folder, 'plugins'));
  symlinkSync(
    join(ROOT, 'test/fixtures/sigstore-kms-hashivault.mjs'),
    join(folder, 'plugins/sigstore-kms-hashivault'),
  );
  mkdirSync(join(folder, 'app'));
  writeFileSync(join(folder, 'app/.scoville.yaml'), 'attest: { sbom: [], verdict: false }\n');
  writeFileSync(join(folder, 'app/file'), `kms ${OWN}\n`);
  writeFileSync(join(folder, 'app/Dockerfile'), `FROM ${bases.busybox}\nCOPY file /file\n`);
});
afterAll(() => {
  vault.stop();
  aws.stop();
});

/** With the plugin, and the programs of a folder in front of others. */
function pathWith(bin: string): string {
  return [join(folder, 'plugins'), bin, process.env['PATH']].filter(Boolean).join(delimiter);
}

describe.each(generations.filter(({ isThere }) => isThere))('$name', ({ name, bin }) => {
  const scoville = new Scoville();
  const place = `${registry}/e2e/kms:${name.replace(/\W/g, '-')}-${OWN}`;
  const build = (key: string, env: Record<string, string>, more: readonly string[]) =>
    scoville.run(['build', '--json', '--scanner=none', '--progress=plain', '--key', key, ...more], {
      cwd: join(folder, 'app'),
      env: { PATH: pathWith(bin), ...env },
    });
  afterAll(() => {
    scoville.remove();
  });

  // A kind by each cosign; `npm run test:all` has both by both.
  type Kind = readonly [name: string, key: () => string, env: () => Record<string, string>];
  const all: readonly Kind[] = [
    ['hashivault', () => 'hashivault://app', () => vault.env],
    ['awskms', () => aws.key, () => aws.env],
  ];
  const kinds = rows(all, (_, at) => (at === 0) === (name === generations[0]?.name));
  test.each(kinds)(
    '%s signs, `signed` passes, and its public key verifies without the KMS',
    async (kind, key, env) => {
      const tag = `${place}-${kind}`;
      const ended = await build(key(), env(), ['--push', '-t', tag, '.']);
      expect([ended.exitCode, ended.exitCode === 0 ? '' : ended.stderr]).toEqual([0, '']);
      const { criteria } = JSON.parse(ended.stdout) as {
        criteria: { id: string; outcome: string }[];
      };
      expect(criteria.find(({ id }) => id === 'signed')?.outcome).toBe('pass');
      const public_ = join(folder, `${kind}.pub`);
      const own = { env: { PATH: pathWith(bin), ...env() } };
      writeFileSync(public_, await output('cosign', ['public-key', '--key', key()], own));
      const verify = (signer: string, variables: Record<string, string>): Promise<Ended> =>
        scoville.run(['verify', '--json', '--key', signer, '--type', 'provenance', tag], {
          env: { PATH: pathWith(bin), ...variables },
        });
      for (const [signer, variables] of [
        [public_, {}],
        [key(), env()],
      ] as const) {
        const said = await verify(signer, variables);
        expect([said.exitCode, JSON.parse(said.stdout)]).toMatchObject([
          0,
          { images: [{ outcome: 'verified', signedBy: signer, missing: ['SBOM', 'verdict'] }] },
        ]);
      }
      expect((await verify(join(scoville.home, 'none.pub'), {})).exitCode).toBe(2);
    },
  );
});

test.each([
  ['a token that is over', 'hashivault://app', { VAULT_TOKEN: 'hvs.old' }, 'permission denied'],
  [
    'a server that is down',
    'hashivault://app',
    { VAULT_ADDR: 'http://127.0.0.1:1' },
    '127.0.0.1:1',
  ],
  ['a key that only encrypts', 'hashivault://secret', {}, 'could not parse transit key'],
  ['a plugin that is not there', 'nosuchkms://app', {}, 'nosuchkms://'],
])('%s is said before the build', async (_, key, env, reason) => {
  const scoville = new Scoville();
  const ended = await scoville.run(
    ['build', '--progress=plain', '--key', key, '-t', own('never:1'), '.'],
    {
      cwd: join(folder, 'app'),
      env: { PATH: pathWith(''), ...vault.env, ...env },
    },
  );
  scoville.remove();
  expect([ended.exitCode, ended.stderr]).toEqual([2, expect.stringContaining(reason)]);
  expect(ended.stderr).toContain(`the signing key ${key}`);
  expect(ended.stderr).not.toMatch(/normalize:|hvs\./);
});
