import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { writeFilesTogether } from '../../src/config/project-files.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

let root = '';
beforeEach(() => {
  root = temporaryFolder();
});

async function tree(folder = root): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const pairs = files.map(async ({ parentPath, name }): Promise<[string, string]> => {
    const path = join(parentPath, name);
    return [path.slice(folder.length + 1), await readFile(path, 'utf8')];
  });
  return Object.fromEntries(await Promise.all(pairs));
}

test('writes none where one cannot be written: what was there is there again', async () => {
  await writeFile(join(root, 'Dockerfile'), 'old');
  await mkdir(join(root, 'seccomp.json'));
  await writeFile(join(root, 'seccomp.json', 'mine'), 'kept');
  await expect(
    writeFilesTogether(root, [
      { path: 'Dockerfile', text: 'new' },
      { path: 'a/b/new', text: 'new' },
      { path: 'seccomp.json', text: 'new' },
    ]),
  ).rejects.toThrow('nothing was written: seccomp.json is not a file');
  expect(await tree()).toEqual({ Dockerfile: 'old', 'seccomp.json/mine': 'kept' });
  expect((await readdir(root)).toSorted()).toEqual(['Dockerfile', 'seccomp.json']);
});

test('a link that leads out of the project is not followed', async () => {
  const outside = temporaryFolder();
  await symlink(outside, join(root, '.github'));
  await expect(
    writeFilesTogether(root, [{ path: '.github/workflows/image.yaml', text: 'ci' }]),
  ).rejects.toThrow('leads out of the project');
  expect(await readdir(outside)).toEqual([]);
  await writeFile(join(outside, 'target'), 'theirs');
  await symlink(join(outside, 'target'), join(root, 'Dockerfile'));
  await expect(writeFilesTogether(root, [{ path: 'Dockerfile', text: 'new' }])).rejects.toThrow(
    'leads out of the project',
  );
  expect(await tree(outside)).toEqual({ target: 'theirs' });
});
