import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { boundContexts } from '../../../src/pipeline/contexts/bound-contexts.ts';
import { stageContext, type StagedContext } from '../../../src/pipeline/contexts/stage-context.ts';

let root = '';
let dir = '';
const OLD = 1_600_000_000;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'scoville-stage-'));
  dir = join(root, 'app');
  mkdirSync(join(dir, 'src'), { recursive: true });
  chmodSync(join(dir, 'src'), 0o775);
  for (const [name, mode] of [
    ['src/a', 0o664],
    ['src/run', 0o775],
    ['secret', 0o600],
  ] as const) {
    writeFileSync(join(dir, name), name);
    chmodSync(join(dir, name), mode);
    utimesSync(join(dir, name), OLD, OLD);
  }
  symlinkSync('src/a', join(dir, 'link'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const MODES = new Map([
  ['src', 0o755],
  ['src/a', 0o644],
  ['src/run', 0o755],
]);

/** Ten seconds on: what the test has just written counts as settled. */
function stage(
  isIgnored: (folder: string) => boolean = () => false,
  time?: number,
): Promise<StagedContext> {
  return stageContext({
    time,
    home: join(root, 'cache'),
    directory: dir,
    modes: MODES,
    isIgnored,
    now: () => Date.now() + 10_000,
    signal: new AbortController().signal,
  });
}

const modeOf = (path: string): number => lstatSync(path).mode & 0o7777;

test('tracked files are copies with git’s modes and their own times, the rest are the files themselves; the user’s stay as they are', async () => {
  const { directory, isNew } = await stage();
  expect(isNew).toBe(true);
  expect(directory.endsWith('/app')).toBe(true);
  expect([...MODES].map(([path]) => modeOf(join(directory, path)))).toEqual([...MODES.values()]);
  expect(lstatSync(join(directory, 'src/a')).mtimeMs).toBe(OLD * 1000);
  expect(lstatSync(join(directory, 'secret')).ino).toBe(lstatSync(join(dir, 'secret')).ino);
  expect(readlinkSync(join(directory, 'link'))).toBe('src/a');
  expect([modeOf(join(dir, 'src')), modeOf(join(dir, 'src/a'))]).toEqual([0o775, 0o664]);
});

test('the next time only what has changed is copied, and what is gone goes', async () => {
  const first = await stage();
  await first.release();
  const kept = lstatSync(join(first.directory, 'src/run')).ino;
  writeFileSync(join(dir, 'src/a'), 'other');
  renameSync(join(dir, 'secret'), join(dir, 'moved'));
  rmSync(join(dir, 'link'));
  mkdirSync(join(dir, 'link'));
  const second = await stage();
  expect(second).toMatchObject({ directory: first.directory, isNew: false });
  expect(readFileSync(join(second.directory, 'src/a'), 'utf8')).toBe('other');
  expect(lstatSync(join(second.directory, 'src/run')).ino).toBe(kept);
  expect(existsSync(join(second.directory, 'secret'))).toBe(false);
  expect(readFileSync(join(second.directory, 'moved'), 'utf8')).toBe('secret');
  expect(lstatSync(join(second.directory, 'link')).isDirectory()).toBe(true);
});

test('a file of the same size written within the clock’s own grain is copied again', async () => {
  const at = (): Promise<StagedContext> =>
    stageContext({
      home: join(root, 'cache'),
      directory: dir,
      modes: MODES,
      isIgnored: () => false,
      now: () => Date.now(),
      signal: new AbortController().signal,
    });
  writeFileSync(join(dir, 'src/a'), 'one');
  const { directory, release } = await at();
  await release();
  writeFileSync(join(dir, 'src/a'), 'two');
  await at();
  expect(readFileSync(join(directory, 'src/a'), 'utf8')).toBe('two');
});

test('a copy that was tampered with is made again', async () => {
  const { directory, release } = await stage();
  await release();
  rmSync(join(directory, 'src/run'));
  chmodSync(join(directory, 'src/a'), 0o600);
  await stage();
  expect(readFileSync(join(directory, 'src/run'), 'utf8')).toBe('src/run');
  expect(modeOf(join(directory, 'src/a'))).toBe(0o644);
});

test('builds at once have a folder each, of one process too, and all but the first’s go with them', async () => {
  const first = await stage();
  const second = await stage();
  expect(second.directory).not.toBe(first.directory);
  expect(readFileSync(join(second.directory, 'src/a'), 'utf8')).toBe('src/a');
  const third = await stage();
  expect(third.directory).not.toBe(second.directory);
  expect(await boundContexts(join(root, 'cache'), 0, Date.now())).toBe(0);
  await second.release();
  expect(existsSync(second.directory)).toBe(false);
  expect(readFileSync(join(third.directory, 'src/a'), 'utf8')).toBe('src/a');
  await third.release();
  await first.release();
  expect(existsSync(first.directory)).toBe(true);
});

test('an ignored folder is left out, and goes where it was there', async () => {
  const { directory, release } = await stage();
  await release();
  const again = await stage((folder) => folder === 'src');
  expect(existsSync(join(directory, 'src'))).toBe(false);
  expect(again.directory).toBe(directory);
});

test('a folder that nobody may write into is mirrored, emptied and removed', async () => {
  chmodSync(join(dir, 'src'), 0o555);
  const { directory, release } = await stage();
  await release();
  chmodSync(join(dir, 'src'), 0o755);
  rmSync(join(dir, 'src'), { recursive: true });
  await stage();
  expect(existsSync(join(directory, 'src'))).toBe(false);
});

test('a cache inside the context is refused', async () => {
  const staging = stageContext({
    home: join(dir, '.cache'),
    directory: dir,
    modes: MODES,
    isIgnored: () => false,
    now: Date.now,
    signal: new AbortController().signal,
  });
  await expect(staging).rejects.toThrow('is part of the context');
});

describe('of one time for all', () => {
  const TIME = 1_700_000_000;

  test('all is copied, and what the group can write has a mode of umask 022', async () => {
    writeFileSync(join(dir, 'untracked'), 'x');
    chmodSync(join(dir, 'untracked'), 0o664);
    const { directory } = await stage(undefined, TIME);
    for (const path of ['src', 'src/a', 'src/run', 'secret', 'link', 'untracked'])
      expect(lstatSync(join(directory, path)).mtimeMs).toBe(TIME * 1000);
    expect(modeOf(join(directory, 'untracked'))).toBe(0o644);
    expect(modeOf(join(directory, 'secret'))).toBe(0o600);
    expect(lstatSync(join(directory, 'secret')).ino).not.toBe(lstatSync(join(dir, 'secret')).ino);
    expect(lstatSync(join(dir, 'secret')).mtimeMs).toBe(OLD * 1000);
  });

  test('another content of the same size is in a folder of another name, since BuildKit goes by size and time', async () => {
    const first = await stage(undefined, TIME);
    await first.release();
    const same = await stage(undefined, TIME);
    await same.release();
    expect(same.directory).toBe(first.directory);
    writeFileSync(join(dir, 'src/a'), 'SRC/A');
    const other = await stage(undefined, TIME);
    expect(other.directory).not.toBe(first.directory);
    expect(readFileSync(join(other.directory, 'src/a'), 'utf8')).toBe('SRC/A');
    expect(existsSync(first.directory)).toBe(false);
  });
});
