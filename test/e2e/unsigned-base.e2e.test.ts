import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Descriptor, type Index, type Manifest, MEDIA_TYPE } from '../../src/model/image.ts';
import { digestHex, digestOf } from '../../src/model/reference.ts';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { bases, output, OWN, registry, run } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const path = `e2e/unsigned-base-${OWN}`;
const folder = folderHere('unsigned-base');
const scoville = scovilleHere();
const RUN = 'RUN echo built > /built';
const IDS = ['trusted-source', 'pinned-images', 'verified-downloads', 'pinned-packages'];

async function ask(method: string, url: string, body?: Uint8Array, type?: string) {
  const answer = await fetch(`http://${registry}/v2/${url}`, {
    method,
    ...(body === undefined ? {} : { body }),
    headers: {
      accept: `${MEDIA_TYPE.index}, ${MEDIA_TYPE.manifest}, */*`,
      ...(type === undefined ? {} : { 'content-type': type }),
    },
  });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return Buffer.from(await answer.arrayBuffer());
}

async function pushBlob(bytes: Uint8Array, mediaType: string): Promise<Descriptor> {
  const started = await fetch(`http://${registry}/v2/${path}/blobs/uploads/`, { method: 'POST' });
  const place = new URL(started.headers.get('location') ?? '', `http://${registry}`);
  place.searchParams.set('digest', digestOf(bytes));
  await fetch(place, { method: 'PUT', body: bytes });
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

async function pushDocument(value: object, mediaType: string, tag?: string): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(value));
  const digest = digestOf(bytes);
  await ask('PUT', `${path}/manifests/${tag ?? digest}`, bytes, mediaType);
  return { mediaType, digest, size: bytes.length };
}

async function document(url: string): Promise<unknown> {
  return JSON.parse((await ask('GET', `${path}/${url}`)).toString());
}

/** Builds and pushes with BuildKit's own provenance, and gives the index. */
async function build(tag: string, dockerfile: string): Promise<Index> {
  const context = join(folder, tag);
  mkdirSync(context);
  writeFileSync(join(context, 'Dockerfile'), dockerfile);
  const name = `${registry}/${path}:${tag}`;
  const options = ['-q', '--provenance=mode=max', '--push', '-t', name, context];
  await output('docker', ['buildx', 'build', ...options]);
  await run('docker', ['rmi', '--force', name]);
  return (await document(`manifests/${tag}`)) as Index;
}

/** The image of one index beside the provenance of another, as if it were about it. */
async function forge(tag: string, image: Index, claim: Index): Promise<void> {
  const [subject] = image.manifests;
  const attestation = claim.manifests[1];
  if (subject === undefined || attestation === undefined) throw new Error('no attestation');
  const manifest = (await document(`manifests/${attestation.digest}`)) as Manifest;
  const [layer] = manifest.layers;
  if (layer === undefined) throw new Error('no statement');
  const statement = (await document(`blobs/${layer.digest}`)) as object;
  const about = { name: '_', digest: { sha256: digestHex(subject.digest) } };
  const forged = await pushBlob(
    Buffer.from(JSON.stringify({ ...statement, subject: [about] })),
    layer.mediaType,
  );
  const { annotations } = layer;
  const own = await pushDocument(
    { ...manifest, layers: [{ ...forged, annotations }] },
    MEDIA_TYPE.manifest,
  );
  const entry = {
    ...attestation,
    ...own,
    annotations: { ...attestation.annotations, 'vnd.docker.reference.digest': subject.digest },
  };
  await pushDocument({ ...image, manifests: [subject, entry] }, MEDIA_TYPE.index, tag);
}

async function grade(tag: string, flags: readonly string[] = [], env: Record<string, string> = {}) {
  const name = `registry:${registry}/${path}:${tag}`;
  const policy = join(folder, 'policy.yaml');
  const args = ['grade', '--scanner', 'none', '--json', '--policy', policy, ...flags];
  const { stdout } = await scoville.expect(0, [...args, '--plain-http', registry, name], { env });
  const { platforms, notices } = JSON.parse(stdout) as Scorecard & { notices?: object };
  const outcomes = IDS.map((id) => platforms[0]?.criteria.find((one) => one.id === id)?.outcome);
  return { outcomes, text: JSON.stringify([platforms, notices]) };
}

beforeAll(async () => {
  await output('docker', ['pull', '-q', bases.busybox]);
  writeFileSync(join(folder, 'policy.yaml'), `trust:\n  images: ['${bases.busybox}*']\n`);
  const inspect = ['buildx', 'imagetools', 'inspect', bases.busybox];
  const digest = await output('docker', [...inspect, '--format', '{{json .Manifest.Digest}}']);
  const trusted = `FROM ${bases.busybox}@${String(JSON.parse(digest))}\n`;
  const honest = await build('honest', `${trusted}${RUN}\n`);
  const other = await build('other', `FROM ${bases.debian}\n${RUN}\n`);
  const more = await build('more', `${trusted}RUN echo planted > /planted\n${RUN}\n`);
  await forge('forged-base', other, honest);
  await forge('forged-steps', more, honest);
}, 120_000);

describe('a provenance that nobody signed', () => {
  test('earns its points where the image begins with its base', async () => {
    const { outcomes } = await grade('honest');
    expect(outcomes).toEqual(['pass', 'pass', 'not-applicable', 'not-applicable']);
  });

  test.each([
    ['another base', 'forged-base', 'and the image has other layers'],
    ['a step that the Dockerfile leaves out', 'forged-steps', 'the Dockerfile has 1 steps'],
  ])('counts for nothing over %s', async (_, tag, reason) => {
    const { outcomes, text } = await grade(tag);
    expect(outcomes).toEqual(['unknown', 'unknown', 'unknown', 'unknown']);
    expect(text).toContain(reason);
  });

  test('offline, is compared with Docker’s own copy, and earns nothing where there is none', async () => {
    const here = await grade('honest', ['--offline']);
    expect(here.outcomes).toEqual(['pass', 'pass', 'not-applicable', 'not-applicable']);
    const { outcomes, text } = await grade('honest', ['--offline'], {
      DOCKER_HOST: 'tcp://127.0.0.1:1',
    });
    expect(outcomes).toEqual(['unknown', 'unknown', 'unknown', 'unknown']);
    expect(text).toContain('its base was not compared with the image');
  });
});
