import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { bases, output, OWN, pinned, registry, ROOT } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

/**
 * The other generation's clients, unpacked by `scripts/engine.sh test-tools`; on a machine that is
 * no Debian there are none.
 */
const second = process.env['SCOVILLE_SECOND_TOOLCHAIN'] ?? '';
const isDebianRoot = existsSync('/etc/debian_version') && process.getuid?.() === 0;
const TAG = `${registry}/e2e/second:${OWN}`;

describe.runIf(isDebianRoot || existsSync(join(second, 'ready')))(
  'Docker 28, buildx 0.29 and cosign 3.1',
  () => {
    const scoville = scovilleHere();
    const env = {
      PATH: `${join(second, 'bin')}:${process.env['PATH'] ?? ''}`,
      DOCKER_CONFIG: join(second, 'docker-config'),
    };
    const folder = folderHere('second');
    let flags: readonly string[] = [];
    let digest = '';

    beforeAll(async () => {
      writeFileSync(
        join(folder, 'trusted-root.json'),
        '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
      );
      cpSync(join(ROOT, 'examples/node-app'), join(folder, 'app'), { recursive: true });
      const args = [
        ...['--build-arg', `NODE_BUILD=${await pinned(bases.node)}`],
        ...['--build-arg', `NODE_RUNTIME=${await pinned(bases.nodeDistroless)}`],
      ];
      const ended = await scoville.expect(
        0,
        ['build', '--json', '--push', '--load', '-t', TAG, ...args, join(folder, 'app')],
        { env },
      );
      ({ digest } = JSON.parse(ended.stdout) as { digest: string });
      flags = [
        ...['--key', scoville.publicKey, '--insecure-ignore-tlog=true'],
        ...['--trusted-root', join(folder, 'trusted-root.json')],
      ];
    });

    test('are what was used', async () => {
      expect(await output('docker', ['buildx', 'version'], { env })).toContain(' 0.29.');
      expect(await output('cosign', ['sign', '--help'], { env })).toContain('--signing-config');
    });

    test('cosign 3 finds and verifies signature and attestations by itself', async () => {
      const verified = JSON.parse(
        await output('cosign', ['verify', ...flags, '--output', 'json', TAG], { env }),
      ) as { critical: { image: { 'docker-manifest-digest': string } } }[];
      expect(verified.map((v) => v.critical.image['docker-manifest-digest'])).toContain(digest);
      for (const type of ['cyclonedx', 'spdxjson', 'https://slsa.dev/provenance/v1']) {
        const text = await output('cosign', ['verify-attestation', ...flags, '--type', type, TAG], {
          env,
        });
        const { payload } = JSON.parse(text.split('\n')[0] ?? '') as { payload: string };
        const statement = JSON.parse(Buffer.from(payload, 'base64').toString()) as {
          subject: { digest: { sha256: string } }[];
        };
        expect([type, `sha256:${statement.subject[0]?.digest.sha256 ?? ''}`]).toEqual([
          type,
          digest,
        ]);
      }
    });

    test('cosign 2 reads what cosign 3 signed', async () => {
      const plain = ['--key', scoville.publicKey, '--insecure-ignore-tlog=true'];
      expect(await output('cosign', ['verify', ...plain, TAG])).toContain(digest);
    });

    test('the engine has the image under the same digest', async () => {
      expect(
        (await output('docker', ['image', 'inspect', '--format', '{{.Id}}', TAG], { env })).trim(),
      ).toBe(digest);
    });
  },
);
