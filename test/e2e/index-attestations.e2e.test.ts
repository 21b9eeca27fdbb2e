import { beforeAll, describe, expect, test } from 'vitest';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { written } from '../fakes/written.ts';
import { runContainer } from './containers.ts';
import { bases, output, own, registry } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const scoville = scovilleHere();
const folder = folderHere('index-attestations');
const NAME = own(`${registry}/e2e/index-attestations`);
const ASKED = ['--provenance=true', '--sbom=true'];

interface Listed {
  readonly digest: string;
  readonly platform: { readonly os: string; readonly architecture: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

async function built(tag: string, ...args: readonly string[]): Promise<Scorecard> {
  const words = ['build', '--json', '--push', '-t', `${NAME}:${tag}`, ...args, folder];
  return JSON.parse((await scoville.expect(0, words)).stdout) as Scorecard;
}

async function inspected<T>(tag: string, ...args: readonly string[]): Promise<T> {
  const words = ['buildx', 'imagetools', 'inspect', ...args, `${NAME}:${tag}`];
  return JSON.parse(await output('docker', words)) as T;
}

const listedOf = async (tag: string): Promise<readonly Listed[]> =>
  (await inspected<{ manifests: Listed[] }>(tag, '--raw')).manifests;

beforeAll(() => {
  const Dockerfile = `FROM ${bases.debian}\nARG WHO=you\nARG API_TOKEN\nRUN echo "$WHO" >/who\n`;
  written(folder, { Dockerfile });
});

describe('an index with attestations', () => {
  let first: Scorecard;
  beforeAll(async () => {
    const args = ['--build-arg=WHO=me', '--build-arg=API_TOKEN=not-to-be-seen'];
    first = await built('first', ...ASKED, ...args);
  });

  test('has one of each platform, and none where no flag asks', async () => {
    const [image, attestation, ...others] = await listedOf('first');
    expect(others).toEqual([]);
    expect(attestation).toMatchObject({
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: {
        'vnd.docker.reference.type': 'attestation-manifest',
        'vnd.docker.reference.digest': image?.digest,
      },
    });
    await built('plain');
    expect((await listedOf('plain')).map(({ platform }) => platform.os)).toEqual(['linux']);
    await built('sbom', '--provenance=false', '--attest=type=sbom');
    expect(await inspected('sbom', '--format', '{{json .Provenance}}')).toEqual({});
    expect(await inspected('sbom', '--format', '{{json .SBOM}}')).toHaveProperty('SPDX');
    const two = ['--platform', 'linux/amd64,linux/arm64', '-f', '-'];
    const words = ['build', '--no-grade', '--push', '-t', `${NAME}:two`, ...ASKED, ...two, folder];
    await scoville.expect(0, words, { input: 'FROM scratch\nCOPY Dockerfile /\n' });
    const [amd64, arm64, ...attestations] = await listedOf('two');
    expect(
      attestations.map(({ annotations }) => annotations?.['vnd.docker.reference.digest']),
    ).toEqual([amd64?.digest, arm64?.digest]);
  });

  test('is read by docker buildx imagetools inspect', async () => {
    const { SLSA } = await inspected<{ SLSA: object }>('first', '--format', '{{json .Provenance}}');
    expect(SLSA).toMatchObject({
      buildDefinition: {
        buildType: 'pkg:npm/scoville#docs/attestations.md',
        externalParameters: {
          request: {
            frontend: 'dockerfile.v0',
            args: { 'build-arg:WHO': 'me', 'build-arg:API_TOKEN': '[masked]' },
          },
        },
        resolvedDependencies: [{ uri: expect.stringContaining('base/debian') as string }],
      },
      runDetails: { metadata: { buildkit_metadata: { source: { infos: [{}] } } } },
    });
    const said = JSON.stringify(SLSA);
    expect(said).not.toMatch(/not-to-be-seen|startedOn|finishedOn|nvocationI|llbDefinition/);
    const { SPDX } = await inspected<{ SPDX: { packages: { name: string }[] } }>(
      'first',
      '--format',
      '{{json .SBOM}}',
    );
    expect(SPDX.packages.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['bash', 'dpkg', 'debian']),
    );
  });

  test('is signed, graded, verified, mirrored and loaded as one without', async () => {
    const name = `${NAME}:first`;
    const graded = JSON.parse(
      (await scoville.expect(0, ['grade', '--json', name])).stdout,
    ) as Scorecard;
    const outcomes = ({ criteria }: Scorecard): unknown =>
      criteria
        .filter(({ id }) => ['signed', 'sbom', 'provenance', 'pinned-images'].includes(id))
        .map(({ id, outcome }) => [id, outcome]);
    expect(outcomes(graded)).toEqual(outcomes(first));
    const key = ['--key', scoville.publicKey];
    await scoville.expect(0, ['verify', ...key, '--type', 'provenance', '--type', 'sbom', name]);
    const mirror = own(`${registry}/e2e/index-attestations-mirror:1`);
    await scoville.expect(0, ['mirror', name, mirror]);
    const raw = ['buildx', 'imagetools', 'inspect', '--format', '{{json .SBOM}}', mirror];
    expect(JSON.parse(await output('docker', raw))).toHaveProperty('SPDX');
    await scoville.expect(0, ['verify', ...key, mirror]);
    const id = await output('docker', ['image', 'inspect', '--format', '{{.Id}}', name]);
    expect(id.trim()).toBe(first.digest);
    const ran = await runContainer([name, 'cat', '/who']);
    expect([ran.exitCode, ran.stdout]).toEqual([0, 'me\n']);
  });

  test('comes out the same without a cache, under another name, signed or not, and in a proof', async () => {
    const args = [...ASKED, '--build-arg=WHO=me', '--build-arg=API_TOKEN=not-to-be-seen'];
    const more = ['--no-cache', '--prove', '--no-grade', '--no-sign', '-t', `${NAME}:again`];
    const ended = await scoville.expect(0, ['build', '--push', ...more, ...args, folder]);
    expect(ended.stderr).toContain('a second build gave the same digest');
    const { digest } = await inspected<{ digest: string }>(
      'again',
      '--format',
      '{{json .Manifest}}',
    );
    expect(digest).toBe(first.digest);
  });
});
