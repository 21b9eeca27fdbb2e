import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { words } from '../fakes/table.ts';
import { bases, discard, output, own, OWN, pinned, registry, ROOT, run } from './harness.ts';
import { until } from './until.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const TAG = `${registry}/e2e/node-app:${OWN}`;
let buildArgs: readonly string[] = [];

const scoville = scovilleHere();
const folder = folderHere('main');
let context = '';
let scorecard: Scorecard;

beforeAll(async () => {
  // A copy outside of any repository: what git says of ours changes with every commit.
  context = join(folder, 'short-links');
  cpSync(join(ROOT, 'examples/node-app'), context, { recursive: true });
  buildArgs = [
    '--build-arg',
    `NODE_BUILD=${await pinned(bases.node)}`,
    '--build-arg',
    `NODE_RUNTIME=${await pinned(bases.nodeDistroless)}`,
  ];
  writeFileSync(
    join(folder, 'trusted-root.json'),
    '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
  );
  const ended = await scoville.expect(0, [
    ...['build', '--json', '--load', '--push', '-t', TAG, ...buildArgs, '--iidfile'],
    ...[join(folder, 'iid'), '--metadata-file', join(folder, 'metadata.json'), context],
  ]);
  scorecard = JSON.parse(ended.stdout) as Scorecard;
});

function outcome(id: string): string | undefined {
  return scorecard.criteria.find((criterion) => criterion.id === id)?.outcome;
}

const cosignFlags = (): string[] => [
  '--key',
  scoville.publicKey,
  '--insecure-ignore-tlog=true',
  '--new-bundle-format',
  '--trusted-root',
  join(folder, 'trusted-root.json'),
];

describe('scoville build --load --push of a real service', () => {
  test('answers all 23 criteria', () => {
    expect(scorecard.criteria).toHaveLength(23);
    expect(scorecard.overall.total).toBe(23);
    expect(scorecard.criteria.filter((c) => c.outcome === 'unknown').map((c) => c.id)).toEqual([
      'reproducible',
      'no-critical',
      'no-high',
      'no-medium',
      'no-known-cves',
    ]);
  });

  test('passes what this example is made to pass', () => {
    for (const id of words(`
      minimal-base no-build-tooling no-shell no-package-manager trusted-source signed
      recently-updated pinned-images pinned-packages provenance sbom no-secrets no-elevated-files
      nonroot-user secrets-by-file annotations
    `))
      expect([id, outcome(id)]).toEqual([id, 'pass']);
  });

  test('gives one digest everywhere: scorecard, image ID file, metadata, engine and registry', async () => {
    const { digest } = scorecard;
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(readFileSync(join(folder, 'iid'), 'utf8')).toBe(digest);
    const metadata = JSON.parse(readFileSync(join(folder, 'metadata.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    expect(metadata['containerimage.digest']).toBe(digest);
    expect(metadata['image.name']).toBe(TAG);
    expect((await output('docker', ['image', 'inspect', '--format', '{{.Id}}', TAG])).trim()).toBe(
      digest,
    );
    const inspected = JSON.parse(
      await output('docker', [
        ...['buildx', 'imagetools', 'inspect', '--format', '{{json .Manifest}}', TAG],
      ]),
    ) as { digest: string; manifests: { digest: string }[] };
    expect(inspected.digest).toBe(digest);
    expect(inspected.manifests.map((m) => m.digest)).toEqual(
      scorecard.platforms.map((p) => p.digest),
    );
  });

  test('is verified by plain cosign: signature, SBOMs, provenance, verdict', async () => {
    const verified = JSON.parse(
      await output('cosign', ['verify', ...cosignFlags(), '--output', 'json', TAG]),
    ) as unknown[];
    expect(verified.length).toBeGreaterThan(0);
    for (const type of words(`
      cyclonedx spdxjson https://slsa.dev/provenance/v1 https://slsa.dev/verification_summary/v1
      https://in-toto.io/attestation/test-result/v0.1
    `)) {
      const lines = await output('cosign', [
        ...['verify-attestation', ...cosignFlags(), '--type', type, TAG],
      ]);
      const { payload } = JSON.parse(lines.split('\n')[0] ?? '') as { payload: string };
      const statement = JSON.parse(Buffer.from(payload, 'base64').toString()) as {
        subject: { digest: { sha256: string } }[];
      };
      expect([type, `sha256:${statement.subject[0]?.digest.sha256 ?? ''}`]).toEqual([
        type,
        scorecard.digest,
      ]);
    }
  });

  test('is not verified by another key', async () => {
    await output('cosign', ['generate-key-pair'], { cwd: folder, env: { COSIGN_PASSWORD: '' } });
    const flags = cosignFlags().map((flag) =>
      flag === scoville.publicKey ? join(folder, 'cosign.pub') : flag,
    );
    const ended = await run('cosign', ['verify', ...flags, TAG]);
    expect(ended.exitCode).not.toBe(0);
  });

  test('is read by skopeo, annotations and labels included', async () => {
    const inspected = JSON.parse(
      await output('skopeo', ['inspect', '--tls-verify=false', `docker://${TAG}`]),
    ) as {
      Labels: Record<string, string>;
    };
    expect(inspected.Labels['org.opencontainers.image.base.name']).toBe(bases.nodeDistroless);
    const index = JSON.parse(
      await output('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${TAG}`]),
    ) as {
      annotations: Record<string, string>;
    };
    expect(index.annotations['org.opencontainers.image.title']).toBe('short-links');
  });

  test('is found by oras: every statement is a referrer of the index', async () => {
    const { manifests } = JSON.parse(
      await output('oras', ['discover', '--plain-http', '--format', 'json', TAG]),
    ) as { manifests: { annotations: Record<string, string> }[] };
    // The image is reproducible: another run's referrers, by another key, may be about this very
    // index.
    const types = new Set(manifests.map((m) => m.annotations['dev.sigstore.bundle.predicateType']));
    expect([...types].toSorted()).toEqual(
      words(`
      https://cyclonedx.org/bom https://in-toto.io/attestation/test-result/v0.1
      https://sigstore.dev/cosign/sign/v1 https://slsa.dev/provenance/v1
      https://slsa.dev/verification_summary/v1 https://spdx.dev/Document
    `),
    );
  });

  test('runs and answers', async () => {
    const token = join(folder, 'token');
    writeFileSync(token, 'e2e-token', { mode: 0o644 });
    const id = (
      await output('docker', [
        ...['run', '-d', '-p', '127.0.0.1::8080', '-v', `${token}:/run/secrets/api-token:ro`],
        TAG,
      ])
    ).trim();
    try {
      const address = (await output('docker', ['port', id, '8080/tcp'])).split('\n')[0] ?? '';
      let status = 0;
      await until(`an answer of ${address}`, async () => {
        const asked = fetch(`http://${address}/healthz`, { signal: AbortSignal.timeout(2000) });
        status = (await asked.catch(() => undefined))?.status ?? 0;
        return status !== 0;
      });
      expect(status).toBe(200);
    } finally {
      await run('docker', ['rm', '-f', id]);
    }
  });

  test('an unchanged rebuild keeps the digest and signs nothing again', async () => {
    const ended = await scoville.expect(0, [
      ...['build', '--json', '--load', '--push', '-t', TAG, ...buildArgs, context],
    ]);
    expect((JSON.parse(ended.stdout) as Scorecard).digest).toBe(scorecard.digest);
    expect(ended.stderr).toMatch(/sign and attest: .*\(cached/);
  });
});

test('the ONBUILD steps of a base are no part of the Dockerfile, and leave the build open', async () => {
  const base = `${registry}/e2e/onbuild:${OWN}`;
  const dir = join(folder, 'onbuild');
  mkdirSync(dir);
  const file = join(dir, 'Dockerfile');
  writeFileSync(file, `FROM ${bases.busybox}\nONBUILD RUN echo hidden > /hidden\n`);
  await output('docker', ['buildx', 'build', '-q', '--push', '-t', base, dir]);
  writeFileSync(file, `FROM ${base} AS made\nRUN echo seen > /seen\n`);
  const to = `type=oci,tar=false,dest=${join(folder, 'onbuild-layout')}`;
  const ended = await scoville.expect(0, ['build', '--json', '-o', to, dir]);
  const { criteria } = JSON.parse(ended.stdout) as Scorecard;
  const hidden = criteria.filter(({ summary }) => summary.includes('ONBUILD steps of a base'));
  expect(hidden.map(({ id, outcome }) => [id, outcome])).toEqual([
    ['verified-downloads', 'unknown'],
    ['pinned-packages', 'unknown'],
  ]);
  discard([base]);
});

describe('scoville build -q', () => {
  test('prints the image ID alone', async () => {
    const ended = await scoville.expect(0, [
      ...['build', '-q', '-t', own('only-id:1'), ...buildArgs, context],
    ]);
    expect(ended.stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    expect(ended.stderr).toBe('');
  });
});
