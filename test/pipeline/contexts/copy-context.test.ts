import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyContext } from '../../../src/pipeline/contexts/copy-context.ts';
import { underOtherUmask } from '../../../src/pipeline/contexts/other-umask.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scoville-copied-'));
  for (const path of ['src', 'dist']) mkdirSync(join(folder, path));
  for (const [path, mode] of [
    ['src', 0o755],
    ['src/tracked', 0o644],
    ['dist', 0o755],
    ['dist/made', 0o644],
    ['dist/private', 0o600],
    ['dist/shared', 0o664],
  ] as const) {
    if (path.includes('/')) writeFileSync(join(folder, path), path);
    chmodSync(join(folder, path), mode);
  }
  symlinkSync('made', join(folder, 'dist/link'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function modesOf(tracked: ReadonlyMap<string, number> | undefined) {
  const copy = await copyContext(folder, tracked, new AbortController().signal);
  try {
    const stats = ['src', 'src/tracked', 'dist', 'dist/made', 'dist/private', 'dist/shared'].map(
      (path) => lstatSync(join(copy.directory, path)),
    );
    expect(new Set(stats.map(({ mtimeMs }) => mtimeMs))).toEqual(new Set([1_000_000_000_000]));
    expect(lstatSync(join(copy.directory, 'dist/link')).isSymbolicLink()).toBe(true);
    return stats.map(({ mode }) => (mode & 0o7777).toString(8));
  } finally {
    await copy.remove();
  }
}

describe('the context of the second build', () => {
  test('in a repository: git’s modes for what git tracks, another umask’s for the rest', async () => {
    const tracked = new Map([
      ['src', 0o755],
      ['src/tracked', 0o644],
    ]);
    expect(await modesOf(tracked)).toEqual(['755', '644', '775', '664', '600', '644']);
  });

  test('outside of one: all as they are', async () => {
    expect(await modesOf(undefined)).toEqual(['755', '644', '755', '644', '600', '664']);
  });
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

test('two copies have folders of different names, for BuildKit takes files over by that name', async () => {
  const { signal } = new AbortController();
  const copies = [
    await copyContext(folder, undefined, signal),
    await copyContext(folder, undefined, signal),
  ];
  expect(new Set(copies.map(({ directory }) => basename(directory))).size).toBe(2);
  await Promise.all(copies.map(({ remove }) => remove()));
});
