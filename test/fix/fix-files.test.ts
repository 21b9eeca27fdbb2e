import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFixFiles, writeFixFiles } from '../../src/fix/files.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scoville-fix-files-'));
  await writeFile(join(folder, 'Dockerfile'), 'FROM a\n');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const AFTER = { dockerfile: 'FROM b\n', ignoreFile: '.git\n' };

function context() {
  const paths = { store: '', cache: join(folder, 'cache'), config: '', dockerConfig: '' };
  return { paths };
}

test('both files, the old text of the one that was there kept', async () => {
  const opened = await openFixFiles(folder, '.', undefined);
  const written = await writeFixFiles(context(), opened, AFTER);
  expect(written.map(({ name }) => name)).toEqual(['Dockerfile', '.dockerignore']);
  expect(written.map(({ before }) => before)).toEqual(['FROM a\n', null]);
  expect(await readFile(join(folder, '.dockerignore'), 'utf8')).toBe('.git\n');
});

test('none where the second cannot be written: the first is as it was', async () => {
  const opened = await openFixFiles(folder, 'Dockerfile', 'context');
  await expect(writeFixFiles(context(), opened, AFTER)).rejects.toThrow('could not be written');
  expect(await readFile(join(folder, 'Dockerfile'), 'utf8')).toBe('FROM a\n');
});

test('none where one was changed by somebody else in the meantime', async () => {
  await mkdir(join(folder, 'context'));
  const opened = await openFixFiles(folder, 'Dockerfile', 'context');
  await writeFile(join(folder, 'context/.dockerignore'), '*\n');
  await expect(writeFixFiles(context(), opened, AFTER)).rejects.toThrow(
    'context/.dockerignore was changed meanwhile; nothing is written',
  );
  expect(await readFile(join(folder, 'Dockerfile'), 'utf8')).toBe('FROM a\n');
  expect(await readdir(folder)).toEqual(['Dockerfile', 'context']);
});
