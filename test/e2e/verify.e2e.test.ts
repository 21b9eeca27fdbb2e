import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ImageVerification } from '../../src/model/criterion.ts';
import { bases, discard, output, OWN, registry, ROOT, run } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const second = process.env['SCOVILLE_SECOND_TOOLCHAIN'] ?? '';
const hasSecond = existsSync(join(second, 'ready'));
/** Where the first generation is found, also where the second comes before it. */
const firstPath = (process.env['PATH'] ?? '')
  .split(':')
  .filter((path) => path !== join(second, 'bin'))
  .join(':');
const hasOras = (await run('which', ['oras'])).exitCode === 0;
const hasSkopeo = (await run('which', ['skopeo'])).exitCode === 0;
const bySchema = new Ajv2020({ strict: false }).compile(
  JSON.parse(readFileSync(join(ROOT, 'schema/scoville-verify-1.json'), 'utf8')) as object,
);
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const PLAIN = ['--src-tls-verify=false', '--dest-tls-verify=false'];

describe('scoville verify', () => {
  const scoville = scovilleHere();
  const repository = `${registry}/e2e/verify-${OWN}`;
  const tagged = (name: string): string => `${repository}/${name}:1`;
  const folder = folderHere('verify-e2e');
  let own = '';
  const at = (name: string): string => join(folder, name);

  beforeAll(async () => {
    writeFileSync(at('Dockerfile'), `FROM ${bases.busybox}\nRUN echo ${OWN} > /hello\nUSER 1000\n`);
    writeFileSync(at('predicate.json'), '{"builder":{"id":"https://b"},"buildType":"t"}');
    await scoville.expect(0, ['build', '-q', '--push', '-t', tagged('own'), folder]);
    own = scoville.publicKey;
    for (const name of ['mine', 'other'])
      await output('cosign', ['generate-key-pair', '--output-key-prefix', name], {
        cwd: folder,
        env: { COSIGN_PASSWORD: '' },
      });
  });

  async function answer(exitCode: number, ...args: readonly string[]): Promise<ImageVerification> {
    const { stdout } = await scoville.expect(exitCode, ['verify', '--json', ...args]);
    expect([bySchema(JSON.parse(stdout)), bySchema.errors]).toEqual([true, null]);
    const { images } = JSON.parse(stdout) as { images: readonly ImageVerification[] };
    const [first] = images;
    if (first === undefined) throw new Error('no answer');
    return first;
  }

  /** An image of somebody else's under a name of its own, with its digest. */
  async function foreign(name: string): Promise<string> {
    writeFileSync(at(`${name}.Dockerfile`), `FROM ${bases.busybox}\nLABEL name=${name}\n`);
    const to = ['--provenance=false', '--push', '-t', tagged(name)];
    const given = ['--metadata-file', at('pushed.json'), '-f', at(`${name}.Dockerfile`), folder];
    await output('docker', ['buildx', 'build', ...to, ...given]);
    discard([tagged(name)]);
    const pushed = JSON.parse(readFileSync(at('pushed.json'), 'utf8')) as Record<string, string>;
    return `${repository}/${name}@${pushed['containerimage.digest'] ?? ''}`;
  }
  const outcomesOf = ({ signatures, attestations }: ImageVerification): readonly string[] =>
    [...signatures, ...attestations].map((item) => `${item.type} ${item.verification}`);

  describe('of an image that scoville built', () => {
    test('beside one that cannot be fetched, which has its reason in the JSON', async () => {
      const absent = `${repository}/absent:1`;
      const args = ['verify', '--json', '--key', own, tagged('own'), absent];
      const { stdout } = await scoville.expect(2, args);
      const printed = JSON.parse(stdout) as { images: readonly ImageVerification[] };
      expect([bySchema(printed), bySchema.errors]).toEqual([true, null]);
      expect(printed.images).toMatchObject([
        { image: tagged('own'), outcome: 'verified' },
        { image: absent, outcome: 'unjudged', reasons: [expect.stringContaining('absent')] },
      ]);
      expect((await answer(2, absent)).outcome).toBe('unjudged');
    });

    test('verifies against this user’s key, both forms, with what is stated; by digest, and in the layout of builds', async () => {
      const found = await answer(
        0,
        ...['--type', 'provenance', '--type', 'cyclonedx', '--type', 'spdx', '--type', 'vsa'],
        ...['--min-level', '0', tagged('own')],
      );
      expect(new Set(outcomesOf(found).map((o) => o.split(' ')[1]))).toEqual(new Set(['verified']));
      // The older form signs the index and then its platform, each under a tag.
      expect(found.signatures.map(({ type }) => type)).toEqual([
        'cosign-tag',
        'cosign-bundle',
        'cosign-tag',
      ]);
      expect([found.signedBy, found.level]).toEqual(['this user’s key', 0]);
      expect(found.tests?.passed).toBeGreaterThan(5);
      // By digest, with a key that is named; and in the layout of builds.
      const { digest } = found;
      const byDigest = await answer(0, '--key', own, `${repository}/own@${digest}`);
      expect(byDigest.digest).toBe(digest);
      expect((await answer(0, `store:${tagged('own')}`)).digest).toBe(digest);
    });

    test('is short of what is not stated, or of another’s signature', async () => {
      const { reasons } = await answer(1, '--min-level', '5', '--type', 'openvex', tagged('own'));
      expect(reasons).toEqual([
        'no verified attestation of type openvex',
        'level 0 is stated, 5 is asked for',
      ]);
      const wrong = await answer(1, '--key', at('other.pub'), tagged('own'));
      expect(new Set(outcomesOf(wrong).map((o) => o.split(' ')[1]))).toEqual(new Set(['failed']));
    });

    test('a policy names keys and a level', async () => {
      writeFileSync(at('policy.yaml'), `trust:\n  keys: [${own}]\ngate:\n  minLevel: 1\n`);
      expect((await answer(1, '--policy', at('policy.yaml'), tagged('own'))).reasons).toEqual([
        'level 0 is stated, 1 is asked for',
      ]);
      await answer(0, '--policy', at('policy.yaml'), '--min-level', '0', tagged('own'));
      writeFileSync(at('empty.yaml'), 'gate:\n  minLevel: 1\n');
      await scoville.expect(2, ['verify', '--policy', at('empty.yaml'), tagged('own')]);
    });

    test('is graded with its signature and provenance verified', async () => {
      const graded = await scoville.run(['grade', '--json', '--scanner', 'none', tagged('own')]);
      const { criteria } = JSON.parse(graded.stdout) as {
        criteria: { id: string; outcome: string; source: string }[];
      };
      const of = (id: string) => criteria.find((c) => c.id === id);
      expect([of('signed')?.outcome, of('provenance')?.outcome]).toEqual(['pass', 'pass']);
      expect(of('provenance')?.source).toBe('verified-attestation');
      expect(of('pinned-images')?.source).toBe('verified-attestation');
    });
  });

  test('an unsigned image is short, a registry that does not answer leaves it open', async () => {
    expect((await answer(1, await foreign('unsigned'))).reasons).toEqual([
      'no signature of this digest is attached',
    ]);
    const ended = await scoville.expect(2, ['verify', 'localhost:1/nobody/app:1']);
    expect(ended.stdout).toBe('');
  });

  test('any-identity verification is refused', async () => {
    const { stderr } = await scoville.expect(2, [
      ...['verify', '--certificate-identity-regexp', '.*'],
      ...['--certificate-oidc-issuer', 'https://i.example', tagged('own')],
    ]);
    expect(stderr).toContain('any-identity verification does not count');
  });

  test('without cosign it cannot be told', async () => {
    const env = { PATH: '/nowhere' };
    const { stderr } = await scoville.expect(2, ['verify', '--key', own, tagged('own')], { env });
    expect(stderr).toContain('cosign is not installed');
  });

  describe('of what cosign 2 signed', () => {
    const offline = ['--key', 'mine.key', '--tlog-upload=false', '--yes'];
    const env = { COSIGN_PASSWORD: '', PATH: firstPath };
    let image = '';

    beforeAll(async () => {
      image = await foreign('legacy');
      await output('cosign', ['sign', ...offline, image], { cwd: folder, env });
      const type = ['--type', 'slsaprovenance02', '--predicate', 'predicate.json'];
      await output('cosign', ['attest', ...offline, ...type, image], { cwd: folder, env });
    });

    test('the tags .sig and .att verify', async () => {
      const found = await answer(0, '--key', at('mine.pub'), '--type', 'slsaprovenance02', image);
      expect(outcomesOf(found)).toEqual([
        'cosign-tag verified',
        'https://slsa.dev/provenance/v0.2 verified',
      ]);
      await answer(1, '--key', at('other.pub'), image);
    });

    test.runIf(hasSkopeo)('copied over to another image they are nothing', async () => {
      const other = await foreign('copied');
      const hex = (reference: string): string => reference.slice(reference.indexOf('sha256:') + 7);
      for (const kind of ['sig', 'att'])
        await output('skopeo', [
          'copy',
          ...PLAIN,
          `docker://${repository}/legacy:sha256-${hex(image)}.${kind}`,
          `docker://${repository}/copied:sha256-${hex(other)}.${kind}`,
        ]);
      const found = await answer(1, '--key', at('mine.pub'), other);
      expect(outcomesOf(found)).toEqual([
        'cosign-tag failed',
        'https://slsa.dev/provenance/v0.2 unverified',
      ]);
      expect(found.signatures[0]?.reason).toContain(hex(image));
    });
  });

  describe.runIf(hasSecond)('of what cosign 3 signed', () => {
    const env = {
      COSIGN_PASSWORD: '',
      PATH: `${join(second, 'bin')}:${process.env['PATH'] ?? ''}`,
    };
    let image = '';

    beforeAll(async () => {
      image = await foreign('bundle');
      writeFileSync(
        at('signing.json'),
        await output('cosign', ['signing-config', 'create'], { cwd: folder, env }),
      );
      const offline = ['--key', 'mine.key', '--signing-config', 'signing.json', '--yes'];
      await output('cosign', ['sign', ...offline, image], { cwd: folder, env });
      const type = ['--type', 'slsaprovenance02', '--predicate', 'predicate.json'];
      await output('cosign', ['attest', ...offline, ...type, image], { cwd: folder, env });
    });

    test('the bundles verify by both cosigns', async () => {
      const args = ['--key', at('mine.pub'), '--type', 'slsaprovenance02', image];
      const found = await answer(0, ...args);
      expect([...outcomesOf(found)].sort()).toEqual([
        'cosign-bundle verified',
        'https://slsa.dev/provenance/v0.2 verified',
      ]);
      const { PATH } = env;
      await scoville.expect(0, ['verify', ...args], { env: { PATH } });
      const wrong = ['verify', '--key', at('other.pub'), image];
      await scoville.expect(1, wrong, { env: { PATH } });
    });

    test('and so does the older form by cosign 3', async () => {
      const { PATH } = env;
      await scoville.expect(0, ['verify', '--key', own, tagged('own')], { env: { PATH } });
      await scoville.expect(0, ['verify', '--key', at('mine.pub'), tagged('legacy')], {
        env: { PATH },
      });
    });

    test.runIf(hasOras)('hung on another image they are nothing', async () => {
      const other = await foreign('swapped');
      const opened = JSON.parse(
        await output('oras', ['discover', '--plain-http', '--format', 'json', image]),
      ) as { manifests?: { digest: string }[]; referrers?: { digest: string }[] };
      for (const { digest } of opened.manifests ?? opened.referrers ?? []) {
        const manifest = JSON.parse(
          await output('oras', [
            'manifest',
            'fetch',
            '--plain-http',
            `${repository}/bundle@${digest}`,
          ]),
        ) as { layers: { digest: string }[] };
        await output('oras', [
          ...['blob', 'fetch', '--plain-http', '--output', at('bundle.json')],
          `${repository}/bundle@${manifest.layers[0]?.digest ?? ''}`,
        ]);
        await output(
          'oras',
          ['attach', '--plain-http', '--artifact-type', BUNDLE, other, `bundle.json:${BUNDLE}`],
          {
            cwd: folder,
          },
        );
      }
      const found = await answer(1, '--key', at('mine.pub'), other);
      expect([...outcomesOf(found)].sort()).toEqual([
        'cosign-bundle failed',
        'https://slsa.dev/provenance/v0.2 unverified',
      ]);
      expect(found.attestations[0]?.subjects).not.toContain(found.digest);
    });
  });

  test.runIf(hasOras)(
    'an SBOM that is merely attached is shown, and vouched for by nobody',
    async () => {
      const image = await foreign('attached');
      writeFileSync(
        at('bom.json'),
        '{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"name":"busybox","version":"1"}]}',
      );
      const type = 'application/vnd.cyclonedx+json';
      await output(
        'oras',
        ['attach', '--plain-http', '--artifact-type', type, image, `bom.json:${type}`],
        {
          cwd: folder,
        },
      );
      const found = await answer(1, '--type', 'sbom', image);
      expect(found.attestations).toMatchObject([
        {
          type: 'https://cyclonedx.org/bom',
          verification: 'unverified',
          reason: 'nobody signed it',
          subjects: [found.digest],
        },
      ]);
    },
  );
});
