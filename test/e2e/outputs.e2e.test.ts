import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dockerLoad } from '../../src/build/docker.ts';
import { runTool } from '../../src/lib/run-tool.ts';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { printedBy } from './containers.ts';
import { bases, output, OWN, own, pinned, registry, run } from './harness.ts';
import { scovilleHere } from './workplace.ts';

const scoville = scovilleHere();
let context = '';
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scoville-outputs-'));
  context = mkdtempSync(join(tmpdir(), 'scoville-outputs-context-'));
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY hello /hello\n');
  writeFileSync(join(context, 'hello'), 'hello\n');
});
afterAll(() => {
  for (const dir of [folder, context]) rmSync(dir, { recursive: true, force: true });
});

async function built(...args: string[]): Promise<Scorecard> {
  return JSON.parse((await scoville.expect(0, ['build', '--json', ...args])).stdout) as Scorecard;
}

describe('where an image goes', () => {
  test('type=docker loads it, and what is asked for on stdout comes there', async () => {
    const { digest } = await built('-t', own('outputs-docker:1'), '-o', 'type=docker', context);
    const args = ['image', 'inspect', '--format', '{{.Id}}', own('outputs-docker:1')];
    expect((await output('docker', args)).trim()).toBe(digest);
  });

  test.each([
    { gate: [], says: 'can be run now', isLast: false },
    { gate: ['--min-level', '0'], says: 'MB sent', isLast: true },
  ])('with the gate $gate: loaded after it, else before', async ({ gate, says, isLast }) => {
    const name = own(`outputs-first-${gate.length}:1`);
    const { stderr } = await scoville.expect(0, ['build', ...gate, '-t', name, context]);
    const lines = stderr.split('\n').filter((line) => /^scoville: [a-z ]+: /i.test(line));
    const load = lines.findIndex((line) => line.startsWith('scoville: load into Docker: '));
    expect(lines[load]).toMatch(new RegExp(`${says} \\(`));
    // Without a gate it ends beside the others.
    expect(!isLast || load === lines.length - 1).toBe(true);
    const normalized = lines.findIndex((line) => line.startsWith('scoville: normalize: '));
    expect(load).toBeGreaterThan(normalized);
    const tag = ['image', 'inspect', '--format', '{{.Os}}', name];
    expect((await output('docker', tag)).trim()).toBe('linux');
  });

  test('type=docker,dest=FILE is an archive that docker load reads, under the same digest', async () => {
    const file = join(folder, 'image.tar');
    const { digest } = await built(
      '-t',
      own('outputs-archive:1'),
      '-o',
      `type=docker,dest=${file}`,
      context,
    );
    expect((await run('docker', ['image', 'inspect', own('outputs-archive:1')])).exitCode).toBe(1);
    await output('docker', ['load', '--input', file]);
    const id = await output('docker', [
      ...['image', 'inspect', '--format', '{{.Id}}', own('outputs-archive:1')],
    ]);
    expect(id.trim()).toBe(digest);
  });

  test('an image and files in one build: the image is signed and graded, the files are there; short of the gate neither is', async () => {
    const files = join(folder, 'files');
    const name = own(`${registry}/e2e/outputs-beside:1`);
    const args = ['--push', '-o', files, '-t', name, context];
    const short = await scoville.run(['build', '--min-level', '5', ...args]);
    expect([short.exitCode, existsSync(files)]).toEqual([1, false]);
    const { digest, criteria } = await built(...args);
    expect(criteria.find(({ id }) => id === 'signed')?.outcome).toBe('pass');
    expect(readdirSync(files)).toEqual(['hello']);
    const manifest = await output('skopeo', [
      'inspect',
      '--raw',
      '--tls-verify=false',
      `docker://${name}`,
    ]);
    expect(`sha256:${createHash('sha256').update(manifest).digest('hex')}`).toBe(digest);
  });

  test('files that cannot be made hold the image back', async () => {
    const name = own(`${registry}/e2e/outputs-held:1`);
    const bad = ['--push', '-o', 'type=local,dest=/proc/nowhere', '-t', name, context];
    expect((await scoville.run(['build', ...bad])).exitCode).toBe(1);
    const there = await run('skopeo', ['inspect', '--tls-verify=false', `docker://${name}`]);
    expect(there.exitCode).not.toBe(0);
  });

  test('type=oci,tar=false,dest=DIR is a layout directory that skopeo reads', async () => {
    const dir = join(folder, 'layout');
    const { digest } = await built(
      '-t',
      own('outputs-layout:7'),
      '-o',
      `type=oci,tar=false,dest=${dir}`,
      context,
    );
    const inspected = JSON.parse(await output('skopeo', ['inspect', `oci:${dir}:7`])) as {
      Digest: string;
    };
    expect(inspected.Digest).toBe(digest);
  });

  test('compression=zstd: the own layers, the same bytes from a clean cache, which Docker runs and skopeo unpacks', async () => {
    const squeezed = join(folder, 'zstd-context');
    mkdirSync(squeezed);
    writeFileSync(
      join(squeezed, 'Dockerfile'),
      `FROM ${bases.busybox}\nRUN echo squeezed > /word\n`,
    );
    const dir = join(folder, 'zstd');
    const flags = [
      '-t',
      own('outputs-zstd:1'),
      '-o',
      `type=oci,tar=false,dest=${dir},compression=zstd`,
    ];
    const { digest } = await built(...flags, squeezed);
    expect((await built('--no-cache', ...flags, '--load', squeezed)).digest).toBe(digest);
    const { LayersData } = JSON.parse(await output('skopeo', ['inspect', `oci:${dir}:1`])) as {
      readonly LayersData: readonly { readonly MIMEType: string }[];
    };
    const types = LayersData.map(({ MIMEType }) => MIMEType.split('+').at(-1));
    expect(types).toEqual([...types.slice(0, -1).fill('gzip'), 'zstd']);
    await output('skopeo', ['copy', '-q', `oci:${dir}:1`, `dir:${join(folder, 'unpacked')}`]);
    const said = await printedBy(own('outputs-zstd:1'), 'cat', '/word');
    expect(said).toBe('squeezed\n');
  });

  test('push and load bring later what a build kept in the layout', async () => {
    const name = `${registry}/e2e/outputs-later:${OWN}`;
    const { digest } = await built('-t', name, '-o', 'type=image,store=false', context);
    expect((await run('docker', ['image', 'inspect', name])).exitCode).toBe(1);
    expect((await scoville.expect(0, ['push', name])).stdout).toBe(`${digest}\n`);
    expect((await scoville.expect(0, ['load', name])).stdout).toBe(`${digest}\n`);
    const verified = await run('cosign', [
      ...['verify', '--key', scoville.publicKey, '--insecure-ignore-tlog=true', name],
    ]);
    expect(verified.exitCode).toBe(0);
  });

  test('a Docker context that is not there is an error, not another engine', async () => {
    const ended = await scoville.run([
      ...['build', '-t', own('outputs-context:1'), '-o', 'type=docker,context=nowhere', context],
    ]);
    expect(ended.exitCode).toBe(2);
    expect((await run('docker', ['image', 'inspect', own('outputs-context:1')])).exitCode).toBe(1);
  });
});

test('what is not an image is refused by Docker, and that is an error', async () => {
  async function* junk(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from('junk'));
  }
  expect(await dockerLoad(runTool, junk())).toMatchObject({ ok: false });
});

describe('what is built', () => {
  test('two platforms are one index, each graded, signed at index and manifest', async () => {
    const name = `${registry}/e2e/outputs-two:${OWN}`;
    const { digest, platforms } = await built(
      '--push',
      '--platform',
      'linux/amd64,linux/arm64',
      '-t',
      name,
      context,
    );
    expect(platforms.map((p) => p.platform).toSorted()).toEqual(['linux/amd64', 'linux/arm64']);
    const index = JSON.parse(
      await output('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${name}`]),
    ) as {
      manifests: { digest: string }[];
    };
    expect(index.manifests.map((m) => m.digest)).toEqual(platforms.map((p) => p.digest));
    for (const subject of [digest, ...platforms.map((p) => p.digest)]) {
      const reference = `${name.replace(/:\d+$/, '')}@${subject}`;
      const verified = await run('cosign', [
        ...['verify', '--key', scoville.publicKey, '--insecure-ignore-tlog=true', reference],
      ]);
      expect([subject, verified.exitCode]).toEqual([subject, 0]);
    }
  });

  test('a build argument without a value is that of the environment, for the verdicts too', async () => {
    writeFileSync(join(folder, 'Dockerfile'), 'ARG BASE=evil/base:1\nFROM ${BASE}\n');
    const ended = await scoville.expect(
      0,
      ['build', '--json', '-t', own('outputs-args:1'), '--build-arg', 'BASE', folder],
      { env: { BASE: await pinned(bases.busybox) } },
    );
    const { criteria } = JSON.parse(ended.stdout) as Scorecard;
    expect(criteria.find((c) => c.id === 'pinned-images')?.outcome).toBe('pass');
  });
});
