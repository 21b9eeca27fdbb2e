import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFixFiles, undoFix, writeFixFiles } from '../../src/fix/files.ts';

const BEFORE = '\ufeffFROM a\r\nCMD x';
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scoville-undo-'));
  await writeFile(join(folder, 'Dockerfile'), BEFORE);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function context() {
  const paths = { store: '', cache: join(folder, 'cache'), config: '', dockerConfig: '' };
  return { paths, cwd: folder };
}

async function fix(dockerfile: string, ignoreFile?: string): Promise<void> {
  const opened = await openFixFiles(folder, '.', undefined);
  await writeFixFiles(context(), opened, { dockerfile, ignoreFile });
}

const AFTER = { dockerfile: 'FROM b\n', ignoreFile: '.git\n' };
const file = (): string => join(folder, 'Dockerfile');
const undo = (force = false) => undoFix(context(), file(), force);

test('brings back the bytes, and removes what the fix made', async () => {
  await fix('FROM b\n', '.git\n');
  expect((await undo()).map(({ name }) => name)).toEqual(['Dockerfile', '.dockerignore']);
  expect(await readFile(file(), 'utf8')).toBe(BEFORE);
  expect(await readdir(folder)).toEqual(['Dockerfile', 'cache']);
});

test('names a file as it can be pasted where the fix, and then the undo, is typed', async () => {
  const cwd = join(folder, 'deep');
  const opened = await openFixFiles(cwd, '../Dockerfile', undefined);
  expect(opened.names.Dockerfile).toBe(file());
  await writeFixFiles(context(), opened, AFTER);
  expect((await undo()).map(({ name }) => name)).toEqual(['Dockerfile', '.dockerignore']);
});

test('one fix after another, the last one first', async () => {
  await fix('one\n');
  await fix('two\n');
  await undo();
  expect(await readFile(file(), 'utf8')).toBe('one\n');
  await undo();
  expect(await readFile(file(), 'utf8')).toBe(BEFORE);
  await expect(undo()).rejects.toThrow(`scoville fix has not changed ${file()}`);
});

test('refuses where a file was changed since, unless that may be lost', async () => {
  await fix('FROM b\n', '.git\n');
  await writeFile(join(folder, '.dockerignore'), '.git\nmore\n');
  await expect(undo()).rejects.toMatchObject({
    message: '.dockerignore was changed since scoville fix wrote it; nothing is undone',
    nextStep: `lose that change: scoville fix --undo --force ${join(folder, 'Dockerfile')}`,
  });
  expect(await readFile(file(), 'utf8')).toBe('FROM b\n');
  await undo(true);
  expect(await readFile(file(), 'utf8')).toBe(BEFORE);
});

test('keeps at most twenty', async () => {
  for (let i = 0; i < 25; i++) await fix(`${i}\n`);
  const [only = ''] = await readdir(join(folder, 'cache/fix'));
  expect(await readdir(join(folder, 'cache/fix', only))).toHaveLength(20);
  await undo();
  expect(await readFile(file(), 'utf8')).toBe('23\n');
});

test('both files, the old text of the one that was there kept', async () => {
  const opened = await openFixFiles(folder, '.', undefined);
  const written = await writeFixFiles(context(), opened, AFTER);
  expect(written.map(({ name }) => name)).toEqual(['Dockerfile', '.dockerignore']);
  expect(written.map(({ before }) => before)).toEqual([BEFORE, null]);
  expect(await readFile(join(folder, '.dockerignore'), 'utf8')).toBe('.git\n');
});

test('none where the second cannot be written: the first is as it was', async () => {
  const opened = await openFixFiles(folder, 'Dockerfile', 'context');
  await expect(writeFixFiles(context(), opened, AFTER)).rejects.toThrow('could not be written');
  expect(await readFile(join(folder, 'Dockerfile'), 'utf8')).toBe(BEFORE);
});

test('none where one was changed by somebody else in the meantime', async () => {
  await mkdir(join(folder, 'context'));
  const opened = await openFixFiles(folder, 'Dockerfile', 'context');
  await writeFile(join(folder, 'context/.dockerignore'), '*\n');
  await expect(writeFixFiles(context(), opened, AFTER)).rejects.toThrow(
    'context/.dockerignore was changed meanwhile; nothing is written',
  );
  expect(await readFile(join(folder, 'Dockerfile'), 'utf8')).toBe(BEFORE);
  expect(await readdir(folder)).toEqual(['Dockerfile', 'context']);
});
