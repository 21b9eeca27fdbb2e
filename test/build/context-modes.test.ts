import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { gitModes } from '../../src/build/send-contexts.ts';
import { runTool } from '../../src/lib/run-tool.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

let dir = '';
const git = (...args: string[]) => execFileSync('git', args, { cwd: dir, stdio: 'ignore' });

beforeEach(() => {
  dir = temporaryFolder();
  mkdirSync(join(dir, 'sub/deep'), { recursive: true, mode: 0o755 });
  for (const name of ['a', 'run.sh', 'sub/deep/b', 'untracked']) {
    writeFileSync(join(dir, name), name);
    chmodSync(join(dir, name), name === 'run.sh' ? 0o755 : 0o644);
  }
  for (const name of ['sub', 'sub/deep']) chmodSync(join(dir, name), 0o755);
  symlinkSync('a', join(dir, 'link'));
  git('init', '-q');
  git('add', 'a', 'run.sh', 'link', 'sub');
});

const found = async () => {
  const { modes, other } = (await gitModes(runTool, dir)) ?? { modes: new Map(), other: [] };
  return { modes: Object.fromEntries(modes) as Record<string, number>, other: [...other].sort() };
};
const CLEAN = { a: 0o644, 'run.sh': 0o755, sub: 0o755, 'sub/deep': 0o755, 'sub/deep/b': 0o644 };

test('files and folders of other umasks get git’s modes; an executable bit set since counts', async () => {
  chmodSync(join(dir, 'a'), 0o600);
  chmodSync(join(dir, 'run.sh'), 0o775);
  chmodSync(join(dir, 'sub'), 0o2775);
  chmodSync(join(dir, 'sub/deep/b'), 0o764);
  expect(await found()).toEqual({
    modes: { ...CLEAN, 'sub/deep/b': 0o755 },
    other: ['a', 'run.sh', 'sub', 'sub/deep/b'],
  });
});

test.each(['false', 'off', '0', ''])(
  'with core.fileMode %j the index has the word',
  async (off) => {
    git('config', 'core.fileMode', off);
    chmodSync(join(dir, 'a'), 0o777);
    expect(await found()).toEqual({ modes: CLEAN, other: ['a'] });
  },
);

test('a folder that has become a link is not followed, and what is gone or replaced is left out', async () => {
  renameSync(join(dir, 'sub'), join(dir, 'elsewhere'));
  symlinkSync('elsewhere', join(dir, 'sub'));
  rmSync(join(dir, 'a'));
  mkdirSync(join(dir, 'a'));
  expect(await found()).toEqual({ modes: { 'run.sh': 0o755 }, other: [] });
});

test('a second name of a tracked file counts as other: where both are sent as one, BuildKit’s cache keeps the link', async () => {
  linkSync(join(dir, 'a'), join(dir, 'second'));
  expect(await found()).toEqual({ modes: CLEAN, other: [] });
  git('add', 'second');
  expect((await found()).other).toEqual(['second']);
});

test('outside of a repository there are none', async () => {
  rmSync(join(dir, '.git'), { recursive: true });
  expect(await gitModes(runTool, dir)).toBeUndefined();
});
