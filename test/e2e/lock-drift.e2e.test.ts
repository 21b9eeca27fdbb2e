import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { written } from '../fakes/written.ts';
import { bases, discard, output, own, registry } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

interface Lock {
  readonly images: Readonly<
    Record<
      string,
      { readonly digest: string; readonly platforms?: Readonly<Record<string, string>> } | undefined
    >
  >;
  readonly packages: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

const scoville = scovilleHere();
const APP = own('scoville-drift-app:1');
const BASE = own(`${registry}/scoville-drift/base:1`);
const QUIET = ['--no-interactive', '--sign=false', '--scanner=none', '--grade=false'];
/** Nobody looks at the image. */
const KEPT = ['-o', 'type=image,store=false', '-t', APP];
const folder = folderHere('drift');

afterAll(() => {
  discard([BASE]);
});

function context(name: string, files: Readonly<Record<string, string>>): string {
  return written(join(folder, name), files);
}

const lockOf = (dir: string): Lock =>
  parse(readFileSync(join(dir, 'scoville.lock'), 'utf8')) as Lock;

/** An apt repository of its own, with the version of its one package in a file of the context. */
const APT = `FROM ${bases.debian} AS repository
COPY version /version
RUN mkdir -p /p/DEBIAN /r && cd /r \\
 && printf 'Package: drifting\\nVersion: %s\\nArchitecture: all\\nMaintainer: t <t@example.com>\\nDescription: t\\n' "$(cat /version)" > /p/DEBIAN/control \\
 && dpkg-deb -b /p d.deb > /dev/null \\
 && { dpkg-deb -f d.deb; printf 'Filename: ./d.deb\\nSize: %s\\nSHA256: %s\\n' "$(stat -c %s d.deb)" "$(sha256sum d.deb | cut -d' ' -f1)"; } > Packages \\
 && echo 'deb [trusted=yes] file:/r ./' > list
FROM ${bases.debian}
RUN --mount=from=repository,source=/r,target=/r \\
 apt-get -o Dir::Etc::sourcelist=/r/list -o Dir::Etc::sourceparts=- update \\
 && apt-get -o Dir::Etc::sourcelist=/r/list -o Dir::Etc::sourceparts=- install -y drifting && rm -rf /var/lib/apt/lists/*
`;

test('a version of an apt repository that moved on is drift: named, and fatal with --locked', async () => {
  const dir = context('apt', { Dockerfile: APT, version: '1.0-1' });
  await scoville.expect(0, ['update', '--no-interactive', dir]);
  expect(Object.values(lockOf(dir).packages)).toEqual([{ deb: ['drifting 1.0-1'] }]);
  writeFileSync(join(dir, 'version'), '1.0-2');
  const failed = await scoville.expect(2, ['build', '--locked', ...QUIET, ...KEPT, dir]);
  expect(failed.stderr).toMatch(/package deb drifting \(linux\/\w+\): 1\.0-1 → 1\.0-2/);
  const told = await scoville.expect(0, ['build', ...QUIET, ...KEPT, dir]);
  expect(told.stderr).toMatch(/not as \S+scoville\.lock says: package deb drifting/);
  const updated = await scoville.expect(0, ['update', '--no-interactive', dir]);
  expect(updated.stdout).toMatch(/package deb drifting \(linux\/\w+\): 1\.0-1 → 1\.0-2/);
  await scoville.expect(0, ['build', '--locked', ...QUIET, ...KEPT, dir]);
});

test('of two platforms the lock holds a digest each, and the packages of each', async () => {
  const platforms = '--platform=linux/amd64,linux/arm64';
  const pushBase = (word: string) =>
    output('docker', [
      ...['buildx', 'build', platforms, '--provenance=false', '--push', '--tag', BASE],
      context(`base-${word}`, { Dockerfile: 'FROM scratch\nCOPY word /\n', word }),
    ]);
  await pushBase('one');
  const manifest = (name: string, version: string) => JSON.stringify({ name, version });
  const dir = context('two', {
    Dockerfile: `FROM ${BASE}\nARG TARGETARCH\nCOPY \${TARGETARCH} /app\n`,
    'amd64/node_modules/x/package.json': manifest('x', '1.0.0'),
    'arm64/node_modules/x/package.json': manifest('x', '1.0.0-arm'),
  });
  await scoville.expect(0, ['update', '--no-interactive', platforms, dir]);
  const lock = lockOf(dir);
  expect(Object.keys(lock.images[BASE]?.platforms ?? {}).sort()).toEqual([
    'linux/amd64',
    'linux/arm64',
  ]);
  expect(new Set(Object.values(lock.images[BASE]?.platforms ?? {})).size).toBe(2);
  expect(lock.packages).toEqual({
    'linux/amd64': { npm: ['x 1.0.0'] },
    'linux/arm64': { npm: ['x 1.0.0-arm'] },
  });
  await pushBase('two');
  const to = ['--output', `type=oci,tar=false,dest=${join(folder, 'layout')}`];
  await scoville.expect(0, ['build', '--locked', ...QUIET, platforms, ...to, dir]);
  writeFileSync(join(dir, 'arm64/node_modules/x/package.json'), manifest('x', '2.0.0'));
  const failed = await scoville.expect(2, ['build', '--locked', ...QUIET, platforms, ...to, dir]);
  expect(failed.stderr).toContain('package npm x (linux/arm64): 1.0.0-arm → 2.0.0');
  expect(failed.stderr).not.toContain('(linux/amd64)');
});

test('a frozen mirror whose date moved is drift before anything is built', async () => {
  const text = (date: string) =>
    `FROM ${bases.busybox}\nRUN echo deb http://snapshot.debian.org/archive/debian/${date}/ trixie main > /list\n`;
  const dir = context('snapshot', { Dockerfile: text('20260101T000000Z') });
  await scoville.expect(0, ['update', '--no-interactive', dir]);
  await scoville.expect(0, ['build', '--locked', ...QUIET, ...KEPT, dir]);
  writeFileSync(join(dir, 'Dockerfile'), text('20260301T000000Z'));
  const failed = await scoville.expect(2, ['build', '--locked', ...QUIET, ...KEPT, dir]);
  expect(failed.stderr).toContain('20260101T000000Z');
  expect(failed.stderr).toContain('20260301T000000Z');
  expect(failed.stderr).not.toContain('exporting');
});
