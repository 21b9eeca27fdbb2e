import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bakedDockerfiles, isDefinition } from '../../src/lint/lint.ts';

const DEFINITION = {
  group: { default: { targets: ['api', 'again', 'web'] } },
  target: {
    api: {
      context: 'app',
      dockerfile: 'Api.Dockerfile',
      args: { BASE: 'alpine:3' },
      target: 'run',
      contexts: { shared: '../shared' },
    },
    again: {
      context: 'app',
      dockerfile: 'Api.Dockerfile',
      args: { BASE: 'alpine:3' },
      target: 'run',
      contexts: { shared: '../shared' },
      tags: ['other'],
    },
    web: { context: '.', 'dockerfile-inline': 'FROM scratch\n' },
  },
};

test('each Dockerfile once for what it is built with, those that stand in the definition too', async () => {
  const asked: string[][] = [];
  const found = await bakedDockerfiles(
    {
      cwd: '/work',
      env: {},
      signal: new AbortController().signal,
      run: async ({ args, onStdout }) => {
        asked.push([...args]);
        await onStdout?.(Buffer.from(JSON.stringify(DEFINITION)));
        return { ended: 'exit', exitCode: 0, stdout: '', stderr: '' };
      },
    },
    'docker-bake.hcl',
  );
  expect(asked).toEqual([['buildx', 'bake', '--print', '--file', 'docker-bake.hcl']]);
  expect(found).toEqual([
    {
      path: 'app/Api.Dockerfile',
      buildArgs: ['BASE=alpine:3'],
      target: 'run',
      buildContexts: { shared: '../shared' },
      contextFolder: '/work/app',
    },
    {
      path: 'docker-bake.hcl#web',
      inline: 'FROM scratch\n',
      buildArgs: [],
      target: undefined,
      buildContexts: {},
      contextFolder: '/work',
    },
  ]);
});

const LETTERS = Array.from('abcdefgh');
test.each([
  [
    'aliases in aliases',
    LETTERS.map((name, at) => `${name}: &${name} [${`*${LETTERS[at - 1] ?? ''},`.repeat(9)}]\n`)
      .join('')
      .replaceAll('*,', 'x,'),
  ],
  [
    'merges of merges',
    `x0: &x0 {a: b}\n${LETTERS.map((_, at) => `x${at + 1}: &x${at + 1} {<<: [${`*x${at},`.repeat(9)}]}\n`).join('')}`,
  ],
])('buildx is not started for a definition of %s', async (_what, text) => {
  const cwd = mkdtempSync(join(tmpdir(), 'aliases-'));
  writeFileSync(join(cwd, 'compose.yaml'), text);
  const run = () => Promise.reject(new Error('started'));
  const { signal } = new AbortController();
  const found = bakedDockerfiles({ cwd, env: {}, signal, run }, 'compose.yaml');
  await expect(found).rejects.toThrow(/^compose\.yaml: Excessive alias count/);
  rmSync(cwd, { recursive: true });
});

test.each([
  ['compose.yaml', true],
  ['a/docker-compose.yml', true],
  ['docker-compose.prod.yaml', true],
  ['docker-bake.json', true],
  ['docker-bake.override.json', true],
  ['ci.hcl', true],
  ['Dockerfile', false],
  ['compose.Dockerfile', false],
  ['package.json', false],
  ['settings.yaml', false],
])('%s is a definition: %s', (name, is) => {
  expect(isDefinition(name)).toBe(is);
});
