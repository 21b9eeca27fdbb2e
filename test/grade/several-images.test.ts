import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { grade } from '../../src/grade/grade-command.ts';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { fakeIo } from '../cli/command-io.ts';
import { archiveOf, ImageBytes } from '../fakes/images.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { registryOf } from '../fakes/registries.ts';
import { layerTar } from '../fakes/tar-bytes.ts';

function archive(text: string): Buffer {
  const bytes = new ImageBytes();
  return archiveOf(bytes.layout([bytes.image({ text })]));
}

/** Files by path in a folder of its own, and a way to grade there. */
function desk(files: Readonly<Record<string, Uint8Array | string>> = {}) {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  const run = async (...args: readonly string[]) => {
    const { io, out, err } = fakeIo({
      env: { SCOVILLE_HOME: join(folder, 'home'), PATH: process.env['PATH'] ?? '' },
      cwd: folder,
    });
    const code = await grade(['--scanner', 'none', ...args], io).catch((error: unknown) =>
      error instanceof Error ? error.message : 'thrown',
    );
    return { code, out: out(), err: err() };
  };
  return { folder, run };
}

/** The images of a comparison in JSON. */
function compared(out: string): readonly string[] {
  return (JSON.parse(out) as { images: readonly { image: string }[] }).images.map(
    ({ image }) => image,
  );
}

const outcomes = (out: string) => {
  const { criteria, platforms } = JSON.parse(out) as Scorecard;
  return {
    platform: platforms[0]?.platform,
    ...Object.fromEntries(criteria.map(({ id, outcome }) => [id, outcome])),
    configuration: [
      ...new Set(criteria.filter((one) => one.vector === 'configuration').map((o) => o.outcome)),
    ],
  };
};

describe('a folder', () => {
  test('each archive in it is graded, nothing that a link leads to', async () => {
    const { folder, run } = desk({
      'saved/b10.tar': archive('b'),
      'saved/b9.tar': archive('a'),
      'saved/README.md': '# no image',
      'elsewhere/c.tar': archive('c'),
    });
    symlinkSync('../elsewhere/c.tar', join(folder, 'saved/c.tar'));
    execFileSync('mkfifo', [join(folder, 'saved/pipe.tar')]);
    const { code, out, err } = await run('--json', './saved/');
    expect(compared(out)).toEqual(['./saved/b9.tar', './saved/b10.tar']);
    expect(code).toBe(0);
    expect(err).toContain('saved/c.tar is a link, and was not graded');
  });

  test('one that cannot be graded does not keep the others, and the exit code is 2', async () => {
    const { run } = desk({
      'saved/a.tar': archive('a'),
      'saved/b.tar': archive('b'),
      'saved/root.tar': layerTar({ 'etc/motd': 'x' }),
    });
    const { code, out, err } = await run('--json', './saved');
    expect([code, compared(out)]).toEqual([2, ['./saved/a.tar', './saved/b.tar']]);
    expect(err).toContain(
      'not graded: ./saved/root.tar: ./saved/root.tar is neither an OCI layout',
    );
  });

  test('without images it says how a root file system is named', async () => {
    const { run } = desk({ 'root/etc/passwd': 'root:x:0:0::/:/bin/sh\n' });
    expect((await run('./root')).code).toBe('./root is not an OCI layout');
  });
});

describe('a root file system', () => {
  const FILES = { 'etc/os-release': 'ID=alpine\nVERSION_ID=3.22\n', 'app/data': 'x' };

  test('as a tar and as a folder: no criterion of configuration is met', async () => {
    const { folder, run } = desk({
      'root.tar': layerTar(FILES),
      ...Object.fromEntries(Object.entries(FILES).map(([path, text]) => [`root/${path}`, text])),
    });
    symlinkSync('/etc/shadow', join(folder, 'root/etc/shadow'));
    for (const name of ['rootfs:root.tar', 'rootfs:root']) {
      const { code, out } = await run('--json', name);
      expect(code).toBe(0);
      expect(outcomes(out)).toMatchObject({
        platform: 'linux/unspecified',
        configuration: ['unknown'],
        'no-shell': 'pass',
        'minimal-base': 'pass',
        'recently-updated': 'unknown',
        signed: 'unknown',
        sbom: 'unknown',
      });
    }
    const [first, again] = [await run('--json', 'rootfs:root'), await run('--json', 'rootfs:root')];
    expect(again.out.replace(/"gradedAt.*/, '')).toBe(first.out.replace(/"gradedAt.*/, ''));
  });

  test('what is found in its files counts: a setuid program', async () => {
    const { folder, run } = desk({ 'root/bin/su': '\x7fELF' });
    chmodSync(join(folder, 'root/bin/su'), 0o4755);
    const { out } = await run('--json', 'rootfs:root');
    expect(outcomes(out)).toMatchObject({
      'no-elevated-files': 'fail',
      'no-secrets': 'unknown',
      'nonroot-user': 'unknown',
    });
  });

  test('what is none', async () => {
    const { run } = desk({ 'text.tar': 'no tar at all' });
    expect((await run('rootfs:text.tar')).code).toContain('is not a tar archive');
    expect((await run('rootfs:./gone')).code).toMatch(/gone/);
  });
});

describe('what a registry lists', () => {
  async function registry() {
    const server = await registryOf();
    const bytes = new ImageBytes();
    const image = bytes.image();
    for (const repository of ['team/a', 'team/b', 'other']) {
      for (const blob of bytes.blobs.values()) server.putBlob(repository, blob);
      const manifest = bytes.blobs.get(image.digest) ?? Buffer.alloc(0);
      for (const tag of ['1.9', '1.10', 'latest', `sha256-${'a'.repeat(64)}.sig`])
        server.putManifest(repository, tag, manifest, image.mediaType);
    }
    return { server, ...desk() };
  }

  test('all tags of a repository in the order of their numbers, without what hangs on them', async () => {
    const { server, run } = await registry();
    const { code, out } = await run('--json', `${server.host}/team/a:*`);
    const at = `registry:${server.host}/team/a`;
    expect([code, compared(out)]).toEqual([0, [`${at}:1.9`, `${at}:1.10`, `${at}:latest`]]);
    const some = await run('--json', `${at}:1.*`);
    expect(compared(some.out)).toEqual([`${at}:1.9`, `${at}:1.10`]);
  });

  test('repositories by pattern, of which one image cannot be read', async () => {
    const { server, run } = await registry();
    const pattern = `${server.host}/team/*`;
    const all = await run('--json', pattern);
    expect(compared(all.out)).toEqual([
      `registry:${server.host}/team/a:latest`,
      `registry:${server.host}/team/b:latest`,
    ]);
    server.fail(/GET \/v2\/team\/b\/manifests/, { do: 'status', status: 403 }, 100);
    const { code, err } = await run('--json', pattern);
    expect(code).toBe(2);
    expect(err).toContain(`not graded: registry:${server.host}/team/b:latest`);
  });

  test('a list in a file has patterns too', async () => {
    const { server, run, folder } = await registry();
    writeFileSync(join(folder, 'list'), `${server.host}/team/b:1.*\n`);
    const { code, out } = await run('--file', 'list');
    expect([code, out.trimEnd().split('\n').length]).toEqual([0, 2]);
  });

  test('what lists nothing, or has no end', async () => {
    const { server, run } = await registry();
    const { host } = server;
    expect((await run(`${host}/none:*`)).code).toBe(
      `${host} lists no image that matches "${host}/none:*"`,
    );
    expect((await run(`${host}/team/a:2*`)).code).toContain('lists no image that matches');
    for (const wrong of ['app*', '*.example.com/app', '*/app', `${host}/a*@x:1`])
      expect((await run(wrong)).code).toContain('is not a pattern of images');
    server.fail(/tags\/list/, { do: 'status', status: 200, body: 'no JSON' }, 100);
    expect((await run(`${host}/team/a:*`)).code).toContain('the list of tags of');
    server.faults.length = 0;
    const next = { link: '</v2/team/b/tags/list?n=2>; rel="next"' };
    const body = '{"tags":["1"]}';
    server.fail(/team\/b\/tags/, { do: 'status', status: 200, headers: next, body }, 10_000);
    expect((await run(`${host}/team/b:*`)).code).toContain('lists tags without an end');
    server.faults.length = 0;
    server.fail(/_catalog/, { do: 'status', status: 404 }, 100);
    expect((await run(`${host}/team/*`)).code).toBe(`${host} does not list its repositories`);
    const away = { link: '<http://127.0.0.1:1/v2/_catalog>; rel="next"' };
    server.faults.length = 0;
    server.fail(/_catalog/, { do: 'status', status: 200, headers: away, body: '{}' }, 100);
    expect((await run(`${host}/team/*`)).code).toContain('on to another address');
  });
});
