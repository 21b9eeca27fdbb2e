import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeFolders } from '../../src/lib/make-folders.ts';

const root = mkdtempSync(join(tmpdir(), 'scoville-folders-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

test('parents are made, and the first that was made is named', async () => {
  expect(await makeFolders(join(root, 'a/b/c'), { mode: 0o700 })).toBe(join(root, 'a'));
  expect(statSync(join(root, 'a/b/c')).mode & 0o777).toBe(0o700);
  expect(await makeFolders(join(root, 'a/b/c'))).toBeUndefined();
  expect(await makeFolders(join(root, 'a/b/d'))).toBe(join(root, 'a/b/d'));
});

test('several at once make the same folders', async () => {
  await Promise.all(Array.from({ length: 20 }, () => makeFolders(join(root, 'x/y/z'))));
  expect(statSync(join(root, 'x/y/z')).isDirectory()).toBe(true);
});

test('a file in the way is an error', async () => {
  writeFileSync(join(root, 'file'), '');
  await expect(makeFolders(join(root, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolders(join(root, 'file/below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

// Node's own `recursive` never comes back from here.
test.runIf(process.platform === 'linux')('below /proc it ends with an error', async () => {
  await expect(makeFolders('/proc/self/scoville/layout')).rejects.toMatchObject({
    code: 'EROFS',
  });
});
