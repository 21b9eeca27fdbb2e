import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { isDockerfileName } from '../src/lint/lint.ts';
import { words } from './fakes/table.ts';

const hooks = parse(
  readFileSync(join(import.meta.dirname, '../.pre-commit-hooks.yaml'), 'utf8'),
) as readonly { id: string; entry: string; language: string; files: string; exclude: string }[];

test('there is a hook for lint and one for the edits', () => {
  expect(hooks.map(({ id, language }) => [id, language])).toEqual([
    ['scoville-lint', 'node'],
    ['scoville-fix', 'node'],
  ]);
});

test.each(
  words(`
  Dockerfile dockerfile Containerfile Dockerfile.dev api.Dockerfile api.dockerfile Dockerfile.md
  Dockerfile.dockerignore Dockerfile.j2 main.ts
`),
)('the hooks run on %s where lint takes it for a Dockerfile', (name) => {
  for (const { files, exclude } of hooks)
    for (const path of [name, `a/b/${name}`])
      expect(new RegExp(files).test(path) && !new RegExp(exclude).test(path)).toBe(
        isDockerfileName(name),
      );
});
