import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildWords } from '../../src/build/buildx.ts';
import { type Digest, parseDigest } from '../../src/model/reference.ts';
import { parseDockerfile } from '../dockerfile/parse-dockerfile.ts';
import { planned } from './given.ts';

const run = promisify(execFile);
const BASE = process.env['SCOVILLE_BASE_BUSYBOX'] ?? 'localhost:5000/base/busybox:1';
/** A tag that no registry has: only a pin that BuildKit obeys makes it an image. */
const ABSENT = BASE.replace(/:[^:/]+$/, ':no-such-tag');

const DOCKERFILE = `FROM ${ABSENT}
LABEL org.opencontainers.image.title="My app"
RUN echo hello > /hello
`;

let root = '';

async function digestOfBase(): Promise<Digest> {
  const args = ['buildx', 'imagetools', 'inspect', BASE, '--format', '{{json .Manifest}}'];
  const { stdout } = await run('docker', args);
  const manifest = JSON.parse(stdout) as { digest: unknown };
  const digest = parseDigest(manifest.digest);
  if (digest === undefined) throw new Error(`${BASE} has no digest: ${stdout}`);
  return digest;
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'plan-'));
  await mkdir(join(root, 'context'));
  await writeFile(join(root, 'context', 'Dockerfile'), DOCKERFILE);
});

afterAll(async () => {
  await rm(root, { recursive: true });
});

async function build(extra: readonly string[]) {
  const layout = join(root, 'layout, one');
  const model = parseDockerfile(DOCKERFILE);
  if (!model.ok) throw new Error(model.error.message);
  const plan = planned(['-t', 'app', '--label=x=y', ...extra, join(root, 'context')], {
    dockerfile: model.value,
    resolved: [{ name: ABSENT, digest: await digestOfBase(), created: '2026-01-01T00:00:00Z' }],
    paths: {
      layout,
      metadataFile: join(root, 'metadata.json'),
      sourcePolicyFile: join(root, 'policy.json'),
    },
  });
  const { sourcePolicy } = plan;
  if (sourcePolicy !== undefined)
    await writeFile(sourcePolicy.file, JSON.stringify(sourcePolicy.policy));
  const { invocation } = plan;
  await run('docker', [...buildWords(invocation)], { env: { ...process.env, ...invocation.env } });
  return layout;
}

async function blob(layout: string, digest: string): Promise<unknown> {
  return JSON.parse(await readFile(join(layout, 'blobs/sha256', digest.slice(7)), 'utf8'));
}

describe('a plan, as the real buildx takes it', () => {
  test('pins, epoch and labels reach the image in the layout', async () => {
    const layout = await build([]);
    const top = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')) as Listing;
    expect(top.manifests).toHaveLength(1);
    const index = (await blob(layout, top.manifests[0]?.digest ?? '')) as Listing;
    const manifest = (await blob(layout, index.manifests[0]?.digest ?? '')) as {
      config: { digest: string };
      layers: { mediaType: string }[];
    };
    expect(manifest.layers.at(-1)?.mediaType).toBe('application/vnd.oci.image.layer.v1.tar');
    expect(await blob(layout, manifest.config.digest)).toMatchObject({
      created: '2026-01-01T00:00:00Z',
      config: {
        Labels: {
          x: 'y',
          'org.opencontainers.image.title': 'My app',
          'org.opencontainers.image.base.name': ABSENT,
        },
      },
    });
  });

  test('without the pin, the same build fails', async () => {
    await expect(build(['--no-pin'])).rejects.toThrow(/no-such-tag/);
  });
});

interface Listing {
  readonly manifests: readonly { readonly digest: string }[];
}
