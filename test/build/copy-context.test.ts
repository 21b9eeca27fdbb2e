import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import {
  copyContext,
  type CopyRules,
  removeCopy,
  underOtherUmask,
} from '../../src/build/send-contexts.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const OLD = 1_600_000_000;
const TIME = 1_700_000_000;
const FILES = {
  'src/a': 0o664,
  'src/run': 0o775,
  secret: 0o600,
  made: 0o644,
  shared: 0o664,
} as const;
const GIT = new Map([
  ['src', 0o755],
  ['src/a', 0o644],
  ['src/run', 0o755],
]);

let root = '';
let dir = '';
let copy = '';

beforeEach(() => {
  root = temporaryFolder();
  dir = join(root, 'app');
  copy = join(root, 'copy');
  mkdirSync(join(dir, 'src'), { recursive: true });
  for (const [name, mode] of Object.entries(FILES)) {
    writeFileSync(join(dir, name), name);
    chmodSync(join(dir, name), mode);
    utimesSync(join(dir, name), OLD, OLD);
  }
  symlinkSync('src/a', join(dir, 'link'));
  chmodSync(join(dir, 'src'), 0o775);
});

async function modesAfter(rules: Partial<CopyRules>): Promise<Readonly<Record<string, string>>> {
  const all = { modes: new Map(), rest: undefined, time: undefined, isIgnored: () => false };
  await copyContext(dir, copy, { ...all, ...rules }, new AbortController().signal);
  const names = ['src', ...Object.keys(FILES)].filter((name) => existsSync(join(copy, name)));
  return Object.fromEntries(
    names.map((name) => [name, (lstatSync(join(copy, name)).mode & 0o7777).toString(8)]),
  );
}

test('elsewhere: another umask for what git does not track', async () => {
  const modes = await modesAfter({ modes: GIT, rest: underOtherUmask, time: TIME });
  expect(modes).toMatchObject({ 'src/a': '644', secret: '600', made: '664', shared: '644' });
});

test('a copy inside the context is not copied into itself', async () => {
  copy = join(dir, 'src/copy');
  await modesAfter({});
  expect(existsSync(join(copy, 'src/run'))).toBe(true);
  expect(existsSync(join(copy, 'src/copy'))).toBe(false);
});

test('an ignored folder is left out; one that nobody may write into is copied and removed', async () => {
  chmodSync(join(dir, 'src'), 0o555);
  mkdirSync(join(dir, 'node_modules'));
  await modesAfter({ isIgnored: (folder) => folder === 'node_modules' });
  expect(existsSync(join(copy, 'node_modules'))).toBe(false);
  expect(lstatSync(join(copy, 'src')).mode & 0o777).toBe(0o555);
  await removeCopy(copy);
  expect(existsSync(copy)).toBe(false);
});

test.each([
  [0o644, 0o664],
  [0o755, 0o775],
  [0o664, 0o644],
  [0o777, 0o755],
  [0o600, 0o600],
  [0o444, 0o444],
  [0o2755, 0o2775],
])('%o becomes %o', (mode, other) => {
  expect(underOtherUmask(mode)).toBe(other);
});
