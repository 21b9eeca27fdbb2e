import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const script = <T>(name: string): Promise<T> =>
  import(resolve(import.meta.dirname, `../scripts/release/${name}.mjs`)) as Promise<T>;
const { assertIntegrity, PLATFORMS } = await script<{
  assertIntegrity: (bytes: Buffer, integrity: string, name: string) => void;
  PLATFORMS: readonly string[];
}>('nodes');
const { tarGz } = await script<{
  tarGz: (folder: string, out: string, epoch: number) => void;
}>('archives');
const { writeChecksums } = await script<{ writeChecksums: (folder: string) => void }>('checksums');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scoville-release-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('there is a Node.js for each system and processor', () => {
  expect(PLATFORMS.toSorted()).toEqual(['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64']);
});

test('a download is what its digest says, or it is refused', () => {
  // echo -n node | openssl dgst -sha512 -binary | base64
  const integrity = `sha512-${execFileSync('openssl', ['dgst', '-sha512', '-binary'], { input: 'node' }).toString('base64')}`;
  expect(() => {
    assertIntegrity(Buffer.from('node'), integrity, 'a.tgz');
  }).not.toThrow();
  expect(() => {
    assertIntegrity(Buffer.from('nodE'), integrity, 'a.tgz');
  }).toThrow(`a.tgz: sha512-`);
});

test('checksums are those of sha256sum, of every file but themselves and their signature', () => {
  const files = join(folder, 'files');
  mkdirSync(files);
  for (const name of ['b.deb', 'a.tgz', 'SHA256SUMS.pub']) writeFileSync(join(files, name), name);
  writeChecksums(files);
  writeChecksums(files);
  const theirs = execFileSync('sha256sum', ['a.tgz', 'b.deb'], { cwd: files }).toString();
  expect(readFileSync(join(files, 'SHA256SUMS'), 'utf8')).toBe(theirs);
});

test('an archive of the same files has the same bytes, whenever and by whom they were written', () => {
  const pack = (name: string, time: number): Buffer => {
    const at = join(folder, name);
    mkdirSync(at);
    for (const file of ['z', 'a', 'LICENSE']) {
      writeFileSync(join(at, file), file);
      utimesSync(join(at, file), time, time);
    }
    tarGz(at, `${at}.tar.gz`, 1_700_000_000);
    return readFileSync(`${at}.tar.gz`);
  };
  expect(pack('one', 1).equals(pack('two', 1_600_000_000))).toBe(true);
  const listed = execFileSync('tar', ['-tvzf', join(folder, 'one.tar.gz'), '--utc']).toString();
  expect(listed).toMatch(/^-rw-r--r-- 0\/0 +7 2023-11-14 22:13 \.\/LICENSE$/m);
});
