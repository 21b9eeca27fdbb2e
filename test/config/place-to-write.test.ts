import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  fileToWrite,
  folderToWrite,
  makeFolder,
  requireWritable,
  writeFileBeside,
} from '../../src/config/project-files.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

let home = '';
let clone = '';
const at = (path: string): string => join(clone, path);

beforeEach(() => {
  home = temporaryFolder();
  clone = join(home, 'clone');
  for (const path of ['.git/hooks', 'docker', 'inner/deep'])
    mkdirSync(at(path), { recursive: true });
  mkdirSync(join(home, 'other/.git'), { recursive: true });
  writeFileSync(join(home, 'profile'), 'mine');
  writeFileSync(at('docker/D'), 'theirs');
  symlinkSync('../profile', at('.dockerignore'));
  symlinkSync(join(home, 'profile'), at('report.html'));
  symlinkSync('../not-there', at('broken'));
  symlinkSync('docker/D', at('Dockerfile'));
  symlinkSync('..', at('up'));
  // Another repository is outside too.
  symlinkSync('../other', at('other'));
  symlinkSync('.git/hooks', at('hooks'));
  symlinkSync('../../up/other', at('inner/deep/far'));
  symlinkSync('docker', at('near'));
});

describe('a link of a clone is not followed', () => {
  test.each([
    ['.dockerignore', 'leads out of the project'],
    ['report.html', 'leads out of the project'],
    ['broken', 'is a link'],
    ['Dockerfile', 'is a link'],
    ['up/new', 'leads out of the project'],
    ['up/profile', 'leads out of the project'],
    ['up/sub/new', 'leads out of the project'],
    ['other/new', 'leads out of the project'],
    ['hooks/pre-commit', 'leads out of the project'],
    ['inner/deep/far/new', 'leads out of the project'],
    ['near/../up/new', 'leads out of the project'],
  ])('%s', async (path, message) => {
    // From wherever the command runs.
    for (const folder of [clone, at('inner'), '/']) {
      await expect(fileToWrite(at(path), folder)).rejects.toThrow(message);
      await expect(writeFileBeside(at(path), 'x', undefined, folder)).rejects.toThrow(message);
      await expect(requireWritable(folder, [at(path)])).rejects.toThrow(message);
    }
    expect(readFileSync(join(home, 'profile'), 'utf8')).toBe('mine');
    expect(readFileSync(at('docker/D'), 'utf8')).toBe('theirs');
  });

  test('nor is a folder made behind one', async () => {
    await expect(makeFolder(at('up/badges'))).rejects.toThrow('leads out of the project');
    await expect(folderToWrite(at('hooks'))).rejects.toThrow('leads out of the project');
  });
});

test('without a repository, the folder of the command is the project', async () => {
  const plain = join(home, 'plain');
  mkdirSync(plain);
  symlinkSync('../profile', join(plain, 'x'));
  await expect(fileToWrite(join(plain, 'x'), plain)).rejects.toThrow('leads out');
});

test.each([
  ['inner/new', 'inner/new'],
  ['near/new', 'docker/new'],
  ['new/deep/file', 'new/deep/file'],
])('%s is written at %s', async (path, real) => {
  expect(await fileToWrite(at(path))).toBe(at(real));
});

test('links of the user’s own lead where they lead', async () => {
  const own = join(home, 'latest.html');
  symlinkSync('profile', own);
  expect(await fileToWrite(own, clone)).toBe(join(home, 'profile'));
  await writeFileBeside('/dev/null', 'gone');
});
