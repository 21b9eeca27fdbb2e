import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Sigstore } from '../trust/stand-in.ts';
import { bases, type Ended, output, OWN, registry, run, Scoville } from './harness.ts';
import { answers, askSkopeo, cells, COSIGN_3, readers } from './readers.ts';
import { isWhole } from './rows.ts';

const hasSkopeo = (await run('which', ['skopeo'])).exitCode === 0;
const second = process.env['SCOVILLE_SECOND_TOOLCHAIN'] ?? '';
const GITHUB = {
  subject: 'https://github.com/octo/shop/.github/workflows/image.yml@refs/heads/main',
  issuer: 'https://token.actions.githubusercontent.com',
};
const GITLAB = {
  subject: 'https://gitlab.com/octo/shop//.gitlab-ci.yml@refs/heads/main',
  issuer: 'https://gitlab.com',
};
/** What a job of a CI system must not inherit from the one that runs the tests. */
const NO_TOKENS = {
  SIGSTORE_ID_TOKEN: undefined,
  ACTIONS_ID_TOKEN_REQUEST_URL: undefined,
  BUILDKITE_AGENT_ACCESS_TOKEN: undefined,
  GITHUB_ACTIONS: undefined,
};

interface Report {
  readonly criteria: readonly {
    readonly id: string;
    readonly outcome: string;
    readonly evidence: readonly { readonly origin?: unknown; readonly detail?: string }[];
  }[];
}

const generations = [
  { name: 'cosign 2.5', env: {}, isThere: true },
  {
    name: 'cosign 3.1',
    env: { PATH: `${join(second, 'bin')}:${process.env['PATH'] ?? ''}` },
    isThere: existsSync(join(second, 'ready')),
  },
];

let sigstore: Sigstore;
let folder = '';
/** Where tokens lie in files while something is signed. */
let scratch = '';
beforeAll(async () => {
  sigstore = await Sigstore.start({ tsa: true, proxy: true });
  folder = mkdtempSync(join(tmpdir(), 'scoville-keyless-'));
  scratch = mkdtempSync(join(tmpdir(), 'scoville-keyless-tmp-'));
  // The numeric user and the labels leave level 2 to the signature.
  writeFileSync(
    join(folder, 'Dockerfile'),
    `FROM ${bases.busybox}\nCOPY file /file\nUSER 65532:65532\n`,
  );
  writeFileSync(join(folder, 'file'), `keyless ${OWN}\n`);
});
afterAll(() => {
  sigstore.stop();
  for (const one of [folder, scratch]) rmSync(one, { recursive: true, force: true });
});

function services(): readonly string[] {
  const { url, trustedRoot } = sigstore;
  return ['--fulcio-url', url, '--rekor-url', url, '--trusted-root', trustedRoot];
}

function by({ subject, issuer }: typeof GITHUB): readonly string[] {
  return [
    ...['--certificate-identity', subject, '--certificate-oidc-issuer', issuer],
    ...['--trusted-root', sigstore.trustedRoot],
  ];
}

describe.each(generations.filter(({ isThere }) => isThere))('$name', ({ name, env }) => {
  // What does not hang on cosign's version is tried with one of the two.
  const isTried = isWhole || name === generations[0]?.name;
  const once = test.runIf(isTried);
  const scoville = new Scoville();
  const tag = `${registry}/e2e/keyless:${name.replace(/\W/g, '-')}-${OWN}`;
  const args = ['--scanner=none', '--progress=plain', '-t', tag];
  const build = (more: readonly string[], variables: Record<string, string>): Promise<Ended> =>
    scoville.run(['build', '--json', ...more, ...args, folder], {
      env: { ...NO_TOKENS, ...env, TMPDIR: scratch, ...variables },
    });
  const verify = (signer: typeof GITHUB, more: readonly string[] = []): Promise<Ended> =>
    scoville.run(['verify', '--json', ...by(signer), ...more, tag], { env });
  afterAll(() => {
    scoville.remove();
  });

  test('a job of GitHub signs, and the build checks it by its own identity', async () => {
    const ended = await build(['--push', ...services()], sigstore.githubEnv);
    expect([ended.exitCode, ended.stderr]).toEqual([0, expect.any(String)]);
    const { criteria } = JSON.parse(ended.stdout) as Report;
    const signed = criteria.find(({ id }) => id === 'signed');
    expect([signed?.outcome, signed?.evidence[0]?.origin]).toEqual([
      'pass',
      {
        identity: GITHUB,
        logIndex: expect.any(Number) as number,
        time: expect.stringMatching(/^20\d\d-.*Z$/) as string,
      },
    ]);
    expect(ended.stderr + ended.stdout).not.toMatch(/eyJ|runner-secret/);
  });

  test('verify says who signed, with what, where it is logged, and what is missing', async () => {
    const ended = await verify(GITHUB, ['--type', 'sbom', '--type', 'provenance']);
    expect([ended.exitCode, JSON.parse(ended.stdout)]).toMatchObject([
      0,
      {
        images: [
          {
            outcome: 'verified',
            signedBy: `${GITHUB.subject} (${GITHUB.issuer})`,
            signedWith: { kind: 'certificate', identity: GITHUB },
            missing: [],
          },
        ],
      },
    ]);
    if (!isTried) return;
    const text = await scoville.run(['verify', ...by(GITHUB), tag], { env });
    expect(text.stdout).toMatch(
      /\); signed with a certificate, log entry \d+ on 20\S+Z; level \d$/m,
    );
  });

  test('every reader reads what the table says', async () => {
    const inspect = ['buildx', 'imagetools', 'inspect', '--format', '{{json .Manifest}}', tag];
    const index = JSON.parse(await output('docker', inspect)) as {
      digest: string;
      manifests: readonly { digest: string }[];
    };
    const repository = tag.replace(/:[^:]+$/, '');
    const images = [index, ...index.manifests].map(({ digest }) => `${repository}@${digest}`);
    const { subject, issuer } = GITHUB;
    const signed = ['--certificate-identity', subject, '--certificate-oidc-issuer', issuer];
    const asked = readers({ by: signed, trustedRoot: sigstore.trustedRoot });
    for (const [reader, call] of Object.entries(asked)) {
      if (reader.startsWith('cosign 3') && !existsSync(COSIGN_3)) continue;
      const said = await answers(call, images, { env: sigstore.trustEnv });
      expect([reader, ...said]).toEqual([reader, ...cells(reader).keyless]);
    }
  });

  once.each([
    ['subject', { ...GITHUB, subject: `${GITHUB.subject}x` }],
    ['issuer', { ...GITHUB, issuer: GITLAB.issuer }],
  ])('another %s does not verify', async (_, signer) => {
    const text = await scoville.expect(1, ['verify', ...by(signer), tag], { env });
    const named = `its certificate names ${GITHUB.subject} (${GITHUB.issuer}): not signed by `;
    expect(text.stdout.split(named)).toHaveLength(2);
    expect(text.stdout).toContain(', for the same reason (sha256:');
  });

  once('a trusted root that is none, or of another sigstore, is named once', async () => {
    const root = join(folder, `another-root-${name.replace(/\W/g, '-')}.json`);
    const { subject, issuer } = GITHUB;
    const identity = ['--certificate-identity', subject, '--certificate-oidc-issuer', issuer];
    const args = ['verify', ...identity, '--trusted-root', root, tag];
    const absent = await scoville.expect(2, args, { env });
    expect(absent.stderr).toContain(`the trusted root ${root} cannot be used: no such file`);
    expect(absent.stderr).toContain('name the trusted_root.json of your sigstore');
    cpSync(join(import.meta.dirname, '../fixtures/keyless/trusted-root.json'), root);
    const other = await scoville.run(args, { env });
    expect([1, 2]).toContain(other.exitCode);
    expect(other.stdout).toContain(`the trusted root ${root} does not vouch for it`);
    expect(other.stdout.split('\n').length).toBeLessThan(16);
  });

  once('the script of a policy needs no sigstore but the root beside it', async () => {
    const out = join(folder, 'policy', name);
    await scoville.expect(0, ['policy', ...by(GITHUB), '--type', 'sbom', '-o', out, tag], { env });
    const script = join(out, 'cosign', 'verify.sh');
    for (const { env: path, isThere } of generations)
      if (isThere) {
        const ended = await run('sh', [script], { env: path });
        expect([ended.exitCode, ended.stderr]).toEqual([0, expect.any(String)]);
      }
    const none = '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}';
    writeFileSync(join(out, 'cosign', 'trusted_root.json'), none);
    expect((await run('sh', [script], { env })).exitCode).toBe(1);
  });

  once('a policy of the user names identities', async () => {
    const policy = join(folder, 'policy.yaml');
    const { trustedRoot } = sigstore;
    const write = (issuer: string): void => {
      writeFileSync(
        policy,
        `trust:\n  trustedRoot: ${trustedRoot}\n  identities:\n    - { subject: '${GITHUB.subject}', issuer: '${issuer}' }\n`,
      );
    };
    const asked = (): Promise<Ended> => scoville.run(['verify', '--policy', policy, tag], { env });
    write(GITHUB.issuer);
    expect((await asked()).exitCode).toBe(0);
    write(GITLAB.issuer);
    expect((await asked()).exitCode).toBe(1);
  });

  once('another identity signs the same digest again', async () => {
    const before = (await sigstore.counts())['POST /api/v1/log/entries'] ?? 0;
    const token = await sigstore.gitlabToken();
    const ended = await build(['--push', ...services()], { SIGSTORE_ID_TOKEN: `${token}\n` });
    expect(ended.exitCode).toBe(0);
    expect((await sigstore.counts())['POST /api/v1/log/entries']).toBeGreaterThan(before);
    expect((await verify(GITLAB)).exitCode).toBe(0);
    // The first signer's stay, under the old tag too.
    for (const { subject, issuer } of [GITHUB, GITLAB])
      await output(
        'cosign',
        [
          'verify',
          ...['--certificate-identity', subject, '--certificate-oidc-issuer', issuer, tag],
        ],
        { env: sigstore.trustEnv },
      );
    expect(readdirSync(scratch)).toEqual([]);
  });

  test.runIf(isTried && hasSkopeo)('skopeo takes what an e-mail address signed', async () => {
    const iss = `${sigstore.url}/oidc`;
    const token = await sigstore.token({
      ...{ iss, sub: 'dev', email: 'dev@example.com', email_verified: 'true' },
    });
    const legacy = ['--push', '--signature-format', 'legacy', '--grade=false'];
    const ended = await build([...legacy, ...services()], { SIGSTORE_ID_TOKEN: token });
    expect([ended.exitCode, ended.stderr]).toEqual([0, expect.any(String)]);
    const asked = (subjectEmail: string) =>
      askSkopeo(folder, tag, {
        fulcio: {
          caPath: join(sigstore.dir, 'fulcio.crt.pem'),
          oidcIssuer: iss,
          subjectEmail,
        },
        rekorPublicKeyPath: join(sigstore.dir, 'rekor.pub'),
      });
    expect(await asked('dev@example.com')).toEqual(['', '']);
    expect(cells('skopeo, podman, CRI-O (`sigstoreSigned`)').keyless).toEqual([
      'yes, by e-mail',
      'yes, by e-mail',
    ]);
    const email = expect.stringMatching(/other@example\.com\W+ not found/) as string;
    expect(await asked('other@example.com')).toEqual([email, email]);
    // What does not verify gets no policy.
    const signer = { subject: 'dev@example.com', issuer: iss };
    const out = join(folder, 'policy');
    const asks = ['policy', ...by(signer), '--for', 'containers-image', '--output', out, tag];
    const made = await scoville.run(asks, { env });
    expect([made.exitCode, made.stderr]).toEqual([0, expect.any(String)]);
    const file = join(out, 'containers/policy.json');
    const copied = (policy: string) =>
      run('skopeo', [
        ...['--policy', policy, '--registries.d', join(out, 'containers/registries.d')],
        ...['copy', '--all', '--src-tls-verify=false', `docker://${tag}`, `dir:${out}/copy`],
      ]);
    const taken = await copied(file);
    expect([taken.exitCode, taken.stderr]).toEqual([0, expect.any(String)]);
    const other = join(out, 'other.json');
    writeFileSync(other, readFileSync(file, 'utf8').replaceAll('dev@example.com', 'x@example.com'));
    expect((await copied(other)).stderr).toMatch(/x@example\.com\W+ not found/);
  });

  const now = Math.floor(Date.now() / 1000);
  once.each([
    ['expired', { iss: GITLAB.issuer, sub: 'x', exp: '1700000000' }, 'expired at 2023-11-14'],
    [
      'of another issuer',
      { iss: 'https://evil.example', sub: 'x' },
      'does not accept the OIDC token of https://evil.example for x',
    ],
    [
      'not for sigstore',
      { iss: GITLAB.issuer, sub: 'x', aud: 'other', exp: String(now + 600) },
      'does not accept the OIDC token',
    ],
  ])('a token that is %s ends the build before it starts', async (_, claims, message) => {
    const token = await sigstore.token(claims);
    const ended = await build(services(), { SIGSTORE_ID_TOKEN: token });
    expect([ended.exitCode, ended.stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(ended.stderr).not.toContain(token.slice(0, 40));
  });

  once('a forged token is not saved by what was signed before', async () => {
    const token = await sigstore.gitlabToken();
    const forged = `${token.slice(0, token.lastIndexOf('.'))}.c2ln`;
    const ended = await build(services(), { SIGSTORE_ID_TOKEN: forged });
    expect([ended.exitCode, ended.stderr]).toEqual([
      2,
      expect.stringContaining('does not accept the OIDC token'),
    ]);
  });

  once('a log that is down is named', async () => {
    await sigstore.fail('/api/v1/log/entries', 503, 99);
    const ended = await build(['--label', 'a=down', ...services()], sigstore.githubEnv);
    await sigstore.fail('/none', 503, 0);
    expect([ended.exitCode, ended.stderr]).toEqual([
      2,
      expect.stringContaining(`the transparency log (${sigstore.url}) did not take the entry`),
    ]);
  });

  once('a clock that is off is named', async () => {
    await sigstore.setClock('fulcio', -86_400);
    const ended = await build(['--label', 'a=clock', ...services()], sigstore.githubEnv);
    await sigstore.setClock('fulcio', 0);
    expect([ended.exitCode, ended.stderr]).toEqual([2, expect.stringMatching(/clocks? .*differ/)]);
  });

  once('a private repository does not go into the public log by a token alone', async () => {
    const ended = await build([], { ...sigstore.githubEnv, ...sigstore.publicEnv });
    const asksNetwork = name === 'cosign 3.1';
    expect([ended.exitCode, ended.stderr]).toEqual([
      2,
      expect.stringContaining(
        asksNetwork
          ? 'the services of sigstore cannot be had from its TUF repository'
          : 'writes the private repository octo/shop to public logs (fulcio.sigstore.dev, rekor.sigstore.dev) forever',
      ),
    ]);
  });

  once('without a token and a terminal it is refused at once', async () => {
    const ended = await build(['--keyless', ...services()], {});
    expect([ended.exitCode, ended.stderr]).toEqual([
      2,
      expect.stringContaining('keyless signing needs an OIDC token, and nobody is here to log in'),
    ]);
  });

  once('a project’s settings do not choose where a token goes', async () => {
    const settings = join(folder, '.scoville.yaml');
    writeFileSync(settings, `sign: { fulcioUrl: '${sigstore.url}', publicLog: true }\n`);
    try {
      const before = await sigstore.counts();
      const ended = await build([], sigstore.githubEnv);
      expect(ended.exitCode).toBe(2);
      const asked = ['POST /api/v1/signingCert', 'POST /api/v2/signingCert'] as const;
      const after = await sigstore.counts();
      expect(asked.map((path) => after[path])).toEqual(asked.map((path) => before[path]));
    } finally {
      rmSync(settings);
    }
  });
});

test('an SBOM that a log would refuse is an artifact, whose signature verifies', async () => {
  const scoville = new Scoville();
  const tag = `${registry}/e2e/keyless:large-${OWN}`;
  const large = mkdtempSync(join(tmpdir(), 'scoville-large-'));
  const stanza = (_: unknown, i: number): string =>
    `Package: lib-number-${i}\nStatus: install ok installed\nVersion: 1.${i}-1\n`;
  writeFileSync(join(large, 'status'), Array.from({ length: 7000 }, stanza).join('\n'));
  // Another image in each run: the registry keeps what earlier ones attached.
  const head = `FROM ${bases.busybox}\nLABEL run=${OWN}`;
  const lines = [head, 'COPY status /var/lib/dpkg/status', 'USER 1:1'];
  writeFileSync(join(large, 'Dockerfile'), `${lines.join('\n')}\n`);
  const refused = await fetch(`${sigstore.url}/api/v1/log/entries`, {
    method: 'POST',
    body: 'x'.repeat(4_700_000),
  });
  expect(refused.status).toBe(413);
  const env = { ...NO_TOKENS, ...sigstore.githubEnv };
  const build = ['build', '--push', '--scanner=none', '--progress=plain', ...services()];
  const built = await scoville.expect(0, [...build, '-t', tag, large], { env });
  expect(built.stderr).toMatch(
    /cyclonedx\.org\/bom has \d\.\d MB, more than a transparency log takes \(2 MiB\): attached as an artifact/,
  );
  const verified = await scoville.expect(0, [
    ...['verify', '--json', ...by(GITHUB), '--type', 'cyclonedx', '--type', 'spdx', tag],
  ]);
  expect(verified.stdout).toMatch(/"type":\s*"https:\/\/cyclonedx\.org\/bom"/);
  // This registry lists no referrers: its tag names the artifact, which cosign 2.5 verifies.
  const repository = tag.replace(/:[^:]+$/, '');
  const at = repository.replace('/', '/v2/');
  const { digest } = (JSON.parse(verified.stdout) as { images: { digest: string }[] })
    .images[0] ?? {
    digest: '',
  };
  const listed = await fetch(`http://${at}/manifests/${digest.replace(':', '-')}`, {
    headers: { accept: 'application/vnd.oci.image.index.v1+json' },
  });
  const { manifests } = (await listed.json()) as {
    manifests: { artifactType: string; digest: string }[];
  };
  const [sbom] = manifests.filter((one) => one.artifactType === 'application/vnd.cyclonedx+json');
  const signer = by(GITHUB).slice(0, 4);
  const asked = readers({ by: signer, trustedRoot: sigstore.trustedRoot })['cosign 2.5 `verify`'];
  const artifact = `${repository}@${sbom?.digest ?? ''}`;
  expect(asked && (await answers(asked, [artifact], { env: sigstore.trustEnv }))).toEqual(['yes']);
  scoville.remove();
  rmSync(large, { recursive: true, force: true });
});

test('cosign 2.5: builds at once, with a TUF cache that each would lock', async () => {
  const scoville = new Scoville();
  const tuf = join(folder, 'tuf');
  const env = {
    ...NO_TOKENS,
    ...sigstore.githubEnv,
    TUF_ROOT: tuf,
  };
  const { url } = sigstore;
  await output(
    'cosign',
    ['initialize', '--mirror', `${url}/tuf`, '--root', `${url}/tuf/root.json`],
    {
      env: { TUF_ROOT: tuf },
    },
  );
  const build = (label: string): Promise<Ended> =>
    scoville.run(
      [
        ...['build', '--quiet', '--grade=false', '--fulcio-url', url, '--rekor-url', url],
        ...['--label', `a=${label}`, '-t', `e2e-keyless-${label}:${OWN}`, folder],
      ],
      { env },
    );
  const ended = await Promise.all([build('one'), build('two')]);
  expect(ended.map(({ exitCode, stderr }) => (exitCode === 0 ? '' : stderr))).toEqual(['', '']);
  scoville.remove();
});

test.runIf(existsSync(join(second, 'ready')))(
  'Rekor v2: cosign 3 signs and verifies, cosign 2 says that it cannot',
  async () => {
    const scoville = new Scoville();
    const tag = `${registry}/e2e/keyless:v2-${OWN}`;
    const newer = { PATH: `${join(second, 'bin')}:${process.env['PATH'] ?? ''}` };
    const named = [
      '--signing-config',
      sigstore.signingConfig(2),
      '--trusted-root',
      sigstore.trustedRoot,
    ];
    const build = ['build', '--quiet', '--push', '--grade=false', ...named, '-t', tag, folder];
    const env = { ...NO_TOKENS, ...sigstore.githubEnv };
    await scoville.expect(0, build, { env: { ...env, ...newer } });
    const verify = ['verify', ...by(GITHUB), tag];
    const good = await scoville.expect(0, verify, { env: newer });
    expect(good.stdout).toMatch(/signed with a certificate, log entry \d+ on 20/);
    const told = await scoville.expect(0, [...build, '--label', 'a=b', '--signature-format=both'], {
      env: { ...env, ...newer },
    });
    expect(told.stderr).toContain(
      'signed as a bundle only: the log (Rekor v2) does not sign a timestamp',
    );
    const legacy = await scoville.expect(2, [...build, '--signature-format=legacy'], {
      env: { ...env, ...newer },
    });
    expect(legacy.stderr).toContain('the log (Rekor v2) does not sign a timestamp, without which');
    const older = await scoville.expect(2, verify);
    expect(older.stdout).toContain('it is logged in Rekor v2, which this cosign cannot read');
    const refused = await scoville.expect(2, build, { env });
    expect(refused.stderr).toContain('this cosign cannot write into Rekor v2');
    scoville.remove();
  },
);
