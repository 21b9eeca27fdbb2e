import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findDockerfiles, isDockerfileName } from '../../src/lint/lint.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scoville-find-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['Dockerfile', true],
  ['dockerfile', true],
  ['Containerfile', true],
  ['Dockerfile.dev', true],
  ['Dockerfile.alpine-3.22', true],
  ['Containerfile.x86_64', true],
  ['api.Dockerfile', true],
  ['api.dockerfile', true],
  ['Dockerfile.dockerignore', false],
  ['api.Dockerfile.dockerignore', false],
  ['Dockerfile.md', false],
  ['Dockerfile.template', false],
  ['Dockerfile.j2', false],
  ['dockerfile.go', false],
  ['MyDockerfile', false],
  ['Dockerfiles', false],
  ['.dockerignore', false],
])('%s is a Dockerfile: %s', (name, expected) => {
  expect(isDockerfileName(name)).toBe(expected);
});

test('a folder stands for the Dockerfiles in it, dependencies and hidden folders left out', async () => {
  for (const path of [
    'b/Dockerfile',
    'a/x.Dockerfile',
    'node_modules/m/Dockerfile',
    '.git/Dockerfile',
  ])
    await mkdir(join(folder, path, '..'), { recursive: true }).then(() =>
      writeFile(join(folder, path), 'FROM scratch\n'),
    );
  await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\n');
  await symlink(folder, join(folder, 'b/again'));
  expect(await findDockerfiles(folder, '.')).toEqual([
    'Dockerfile',
    'a/x.Dockerfile',
    'b/Dockerfile',
  ]);
  expect(await findDockerfiles(folder, 'b')).toEqual(['b/Dockerfile']);
  expect(await findDockerfiles('/', folder)).toContain(join(folder, 'a/x.Dockerfile'));
});

test('a file is itself, whatever its name; what is not there is an error that names it', async () => {
  await writeFile(join(folder, 'build.txt'), 'FROM scratch\n');
  expect(await findDockerfiles(folder, 'build.txt')).toEqual(['build.txt']);
  await expect(findDockerfiles(folder, 'none')).rejects.toThrow(
    'none cannot be read: no such file',
  );
});
