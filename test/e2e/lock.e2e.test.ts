import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { written } from '../fakes/written.ts';
import { fileIn } from './containers.ts';
import { bases, discard, dockerBuild, output, own, registry, run } from './harness.ts';
import { isWhole } from './rows.ts';
import { folderHere, scovilleHere } from './workplace.ts';

interface Lock {
  readonly images: Readonly<
    Record<string, { readonly digest: string; readonly local?: boolean } | undefined>
  >;
  readonly epoch: { readonly seconds: number };
  readonly remotes?: Readonly<Record<string, string>>;
  readonly packages: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

const scoville = scovilleHere();
const BASE = own(`${registry}/scoville-lock/base:1`);
const LOCAL = own('scoville-lock/local:1');
const APP = own('scoville-lock-app:1');
const folder = folderHere('lock');
let server: Server;
let served = 'first\n';

beforeAll(async () => {
  server = createServer((_, response) => response.end(served));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  await pushBase('one');
});
afterAll(async () => {
  discard([BASE, LOCAL, APP]);
  await new Promise((done) => server.close(done));
});

/**
 * A base under the same tag each time, with another word, not kept in the engine. Gives its digest.
 */
async function pushBase(word: string): Promise<string> {
  const dir = written(join(folder, `base-${word}`), {
    Dockerfile: `FROM ${bases.busybox}\nCOPY word /word\n`,
    word: `${word}\n`,
  });
  const pushed = await dockerBuild(['-q', '--push', '--tag', BASE, dir]);
  expect(pushed.exitCode, pushed.stderr).toBe(0);
  await run('docker', ['rmi', '--force', BASE]);
  return pushed.stdout.trim();
}

function context(name: string, dockerfile: string): string {
  return written(join(folder, name), { Dockerfile: dockerfile });
}

function lockOf(dir: string): Lock {
  return parse(readFileSync(join(dir, 'scoville.lock'), 'utf8')) as Lock;
}

const QUIET = ['--no-interactive', '--sign=false', '--scanner=none', '--grade=false'];
/** Where nobody looks at the image. */
const KEPT = ['-o', 'type=image,store=false', '-t', APP];

async function wordIn(image: string, path: string): Promise<string> {
  return (await fileIn(image, path)).trim();
}

describe('scoville.lock', () => {
  test('holds a base to its digest while its tag moves on; update moves on too', async () => {
    const dir = context('moving', `FROM ${BASE}\nLABEL a=b\n`);
    await scoville.expect(0, ['build', ...QUIET, ...KEPT, dir]);
    expect(existsSync(join(dir, 'scoville.lock'))).toBe(false);
    const written = await scoville.expect(0, ['build', ...QUIET, '--lock', ...KEPT, dir]);
    expect(written.stderr).toContain('scoville.lock is written');
    const before = lockOf(dir);
    const text = readFileSync(join(dir, 'scoville.lock'), 'utf8');

    const moved = await pushBase('two');
    expect(before.images[BASE]?.digest).not.toBe(moved);
    const held = await scoville.expect(0, [
      ...['build', '--json', '--locked', ...QUIET.slice(0, -1), '-t', APP, dir],
    ]);
    expect(await wordIn(APP, '/word')).toBe('one');
    expect(readFileSync(join(dir, 'scoville.lock'), 'utf8')).toBe(text);
    const { criteria } = JSON.parse(held.stdout) as {
      readonly criteria: readonly { readonly id: string; readonly outcome: string }[];
    };
    expect(criteria.find(({ id }) => id === 'pinned-images')?.outcome).toBe('pass');

    const updated = await scoville.expect(0, ['lock', '--no-interactive', dir]);
    expect(updated.stdout).toContain(
      `image ${BASE}: ${before.images[BASE]?.digest ?? ''} → ${moved}`,
    );
    expect(lockOf(dir).images[BASE]?.digest).toBe(moved);
    await scoville.expect(0, ['build', '--locked', ...QUIET, '-t', APP, dir]);
    expect(await wordIn(APP, '/word')).toBe('two');
    const again = await scoville.expect(0, ['lock', '--no-interactive', dir]);
    expect(again.stdout).toContain('scoville.lock: unchanged');
  });

  test('--locked names the package that a RUN fetched anew, and publishes nothing', async () => {
    const version = join(folder, 'packages', 'version');
    const dir = context(
      'packages',
      `FROM ${bases.busybox}\nCOPY version /version\nRUN mkdir -p /a/node_modules/x && echo "{\\"name\\":\\"x\\",\\"version\\":\\"$(cat /version)\\"}" > /a/node_modules/x/package.json\n`,
    );
    writeFileSync(version, '1.0.0');
    await scoville.expect(0, ['lock', '--no-interactive', dir]);
    expect(Object.values(lockOf(dir).packages)).toEqual([{ npm: ['x 1.0.0'] }]);
    writeFileSync(version, '1.1.0');
    const name = own('scoville-lock-drift:1');
    const failed = await scoville.expect(2, ['build', '--locked', ...QUIET, '-t', name, dir]);
    expect(failed.stderr).toMatch(/package npm x \(linux\/\w+\): 1\.0\.0 → 1\.1\.0/);
    expect((await run('docker', ['image', 'inspect', name])).exitCode).not.toBe(0);
    const told = await scoville.expect(0, ['build', ...QUIET, '-t', name, dir]);
    expect(told.stderr).toMatch(/not as \S+scoville\.lock says: package npm x/);
    expect(Object.values(lockOf(dir).packages)).toEqual([{ npm: ['x 1.0.0'] }]);
  });

  test('an image that the lock lacks is added and said, with --locked it fails', async () => {
    const dir = context('adding', `FROM ${bases.busybox}\n`);
    await scoville.expect(0, ['lock', '--no-interactive', dir]);
    context('adding', `FROM ${bases.busybox}\nCOPY --from=${BASE} /word /word\n`);
    const failed = await scoville.expect(2, ['build', '--locked', ...QUIET, ...KEPT, dir]);
    expect(failed.stderr).toContain(`image ${BASE}: new, sha256:`);
    const added = await scoville.expect(0, ['build', ...QUIET, ...KEPT, dir]);
    expect(added.stderr).toContain(`added: image ${BASE}`);
    expect(Object.keys(lockOf(dir).images).sort()).toEqual([bases.busybox, BASE].sort());
    await scoville.expect(0, ['build', '--locked', ...QUIET, ...KEPT, dir]);
  });

  test('a file that ADD fetches is held to its checksum', async () => {
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/file.txt`;
    const dir = context('remote', `FROM ${bases.busybox}\nADD ${url} /copied\n`);
    await scoville.expect(0, ['lock', '--no-interactive', dir]);
    expect(Object.keys(lockOf(dir).remotes ?? {})).toEqual([url]);
    served = 'second\n';
    // BuildKit still has the file with that checksum, and takes no other.
    await scoville.expect(0, ['build', '--locked', ...QUIET, '--no-cache', '-t', APP, dir]);
    expect(await wordIn(APP, '/copied')).toBe('first');
    const path = join(dir, 'scoville.lock');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/(file\.txt: sha256:).{64}/, `$1${'0'.repeat(64)}`));
    const refused = await scoville.expect(1, ['build', ...QUIET, ...KEPT, dir]);
    expect(refused.stderr).toContain('digest mismatch');
    await scoville.expect(0, ['lock', '--no-interactive', dir]);
    await scoville.expect(0, ['build', '--locked', ...QUIET, '-t', APP, dir]);
    expect(await wordIn(APP, '/copied')).toBe('second');
  });

  test.runIf(isWhole)(
    'an image that only the engine has is told as local, and another digest is drift',
    async () => {
      const make = async (word: string): Promise<void> => {
        const dir = context(`local-${word}`, `FROM ${bases.busybox}\nRUN echo ${word} > /word\n`);
        await output('docker', ['buildx', 'build', '--load', '--tag', `localhost:1/${LOCAL}`, dir]);
      };
      const name = `${registry}/${LOCAL}`;
      await make('one');
      await output('docker', ['tag', `localhost:1/${LOCAL}`, name]);
      const dir = context('local', `FROM ${name}\nRUN cat /word > /copied\n`);
      await scoville.expect(0, ['lock', '--no-interactive', dir]);
      expect(lockOf(dir).images[name]?.local).toBe(true);
      await scoville.expect(0, ['build', '--locked', ...QUIET, ...KEPT, dir]);
      await make('two');
      await output('docker', ['tag', `localhost:1/${LOCAL}`, name]);
      const failed = await scoville.expect(2, ['build', '--locked', ...QUIET, ...KEPT, dir]);
      expect(failed.stderr).toContain(`image ${name}: sha256:`);
      await run('docker', ['rmi', '--force', name, `localhost:1/${LOCAL}`]);
    },
  );

  test('a digest that the registry has not, a broken file, and none at all: exit 2, and where', async () => {
    const dir = context('broken', `FROM ${BASE}\n`);
    const missing = await scoville.expect(2, ['build', '--locked', ...QUIET, dir]);
    expect(missing.stderr).toContain('not found');
    await scoville.expect(0, ['lock', '--no-interactive', dir]);
    const path = join(dir, 'scoville.lock');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/digest: sha256:.{64}/, `digest: sha256:${'0'.repeat(64)}`));
    const lost = await scoville.expect(2, ['build', ...QUIET, dir]);
    expect(lost.stderr).toContain(`no longer has ${BASE}@sha256:0000`);
    writeFileSync(path, text.replace('images:', 'imges:'));
    const broken = await scoville.expect(2, ['build', ...QUIET, dir]);
    expect(broken.stderr).toMatch(/scoville\.lock:\d+:1: unknown key "imges"/);
    const unread = await scoville.expect(0, ['build', '--lock=false', ...QUIET, ...KEPT, dir]);
    expect(unread.stderr).not.toContain('scoville.lock');
  });
});
