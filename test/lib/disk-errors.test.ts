import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DiskError, diskError } from '../../src/lib/errors.ts';

/** As the system itself refuses it, in a folder that is empty. */
test.each<[string, RegExp, (folder: string) => Promise<unknown>]>([
  [
    'a TMPDIR that does not exist',
    /^no such folder: \S+\/gone$/,
    (f) => mkdtemp(join(f, 'gone/x-')),
  ],
  [
    'a home below a link to nothing',
    /^no such folder: \S+\/link$/,
    async (f) => {
      await symlink('nothing', join(f, 'link'));
      await mkdir(join(f, 'link/a'));
    },
  ],
  [
    'links in a loop',
    /^symbolic links form a loop at \S+\/loop\/a$/,
    async (f) => {
      await symlink('loop', join(f, 'loop'));
      await mkdir(join(f, 'loop/a'));
    },
  ],
  ['a path that is too long', /^the path is too long: /, (f) => mkdir(join(f, 'x'.repeat(300)))],
  [
    'a file where a folder should be',
    /^a file is where a folder should be, at or above /,
    async (f) => {
      await writeFile(join(f, 'file'), '');
      await mkdir(join(f, 'file/a'));
    },
  ],
])('%s', async (_, message, act) => {
  const folder = await mkdtemp(join(tmpdir(), 'scoville-errors-'));
  const error: unknown = await act(folder).catch(diskError);
  await rm(folder, { recursive: true });
  expect(error).toBeInstanceOf(DiskError);
  expect((error as DiskError).message).toMatch(message);
  expect((error as DiskError).nextStep).toBeDefined();
});
