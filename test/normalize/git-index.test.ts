import { execFileSync } from 'node:child_process';
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { ruleSet } from '../../src/normalize/catalogue.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { contentAfter, sample } from './sample-layer.ts';

let folder = '';
beforeEach(() => {
  folder = temporaryFolder();
});

const git = (...words: readonly string[]): string =>
  execFileSync('git', words, { cwd: folder, encoding: 'utf8' });
const after = (bytes: Buffer): Promise<Buffer> =>
  contentAfter(sample('src/.git/index', bytes), { rules: ruleSet('aggressive') });

test.each([
  ['sha1', 2],
  ['sha1', 3],
  ['sha256', 2],
])(
  'by %s, version %i: another checkout gives the same index, which git takes',
  async (hash, version) => {
    git('init', '-q', `--object-format=${hash}`);
    for (const name of ['a', 'of-eight', 'a-longer-name.txt'])
      writeFileSync(join(folder, name), name);
    writeFileSync(join(folder, 'later'), '');
    git('add', 'a', 'of-eight', 'a-longer-name.txt');
    // What is only meant to be added makes it version 3.
    if (version === 3) git('add', '--intent-to-add', 'later');
    const index = join(folder, '.git/index');
    const first = readFileSync(index);
    expect(first[7]).toBe(version);
    utimesSync(join(folder, 'a'), 1_600_000_000, 1_600_000_000);
    git('status');
    const second = readFileSync(index);
    expect(second.equals(first)).toBe(false);
    const [one, other] = [await after(first), await after(second)];
    expect(one.equals(other)).toBe(true);
    const listed = git('ls-files', '--stage');
    writeFileSync(index, one);
    expect(git('ls-files', '--stage')).toBe(listed);
    expect(git('ls-files', '--debug', 'a')).toContain('mtime: 0:0');
    writeFileSync(join(folder, 'of-eight'), 'of-nine!');
    expect(git('status', '--porcelain', '--untracked-files=no').split('\n')).toContain(
      'AM of-eight',
    );
    expect(git('status', '--porcelain', '--untracked-files=no').split('\n')).toContain('A  a');
  },
);

test('left alone: one whose checksum does not fit, and one with a cache of folders', async () => {
  git('init', '-q');
  writeFileSync(join(folder, 'a'), 'a');
  git('add', 'a');
  const index = join(folder, '.git/index');
  const damaged = readFileSync(index);
  damaged[60] = (damaged[60] ?? 0) + 1;
  expect((await after(Buffer.from(damaged))).equals(damaged)).toBe(true);
  git('update-index', '--force-untracked-cache');
  git('status');
  const cached = readFileSync(index);
  expect(cached.includes('UNTR')).toBe(true);
  expect((await after(Buffer.from(cached))).equals(cached)).toBe(true);
});
