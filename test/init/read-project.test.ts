import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { readProject } from '../../src/init/project.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

let folder = '';
beforeEach(() => {
  folder = temporaryFolder();
});

test('names three levels deep, texts of those that tell something, nothing of dependencies, hidden folders and links out', async () => {
  for (const path of ['a/b/c', 'node_modules/x', '.git', 'src'])
    await mkdir(join(folder, path), { recursive: true });
  for (const path of [
    'a/b/c/deep.txt',
    'a/b/near.txt',
    'node_modules/x/package.json',
    '.git/config',
    'src/a.js',
  ])
    await writeFile(join(folder, path), 'x');
  await writeFile(join(folder, 'package.json'), '{}');
  await writeFile(join(folder, 'go.mod'), 'x'.repeat(300_000));
  await symlink('/etc/passwd', join(folder, 'Cargo.toml'));
  const project = await readProject(folder, (path) =>
    ['package.json', 'go.mod', 'Cargo.toml'].includes(path),
  );
  expect(project.files).toEqual(['go.mod', 'package.json', 'a/b/near.txt', 'src/a.js']);
  expect([...project.texts]).toEqual([['package.json', '{}']]);
  expect(folder.endsWith(project.folder)).toBe(true);
});

test('a folder that is not there is the user’s to mend', async () => {
  await expect(readProject(join(folder, 'none'), () => true)).rejects.toThrow('cannot be read');
});
