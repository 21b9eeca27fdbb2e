import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { fetchCommit } from '../../src/build/git.ts';
import { runTool } from '../../src/lib/run-tool.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const { signal } = new AbortController();
const REVISION = 'a'.repeat(40);

describe('against a repository', () => {
  let folder = '';
  let target = '';
  beforeEach(() => {
    folder = temporaryFolder();
    target = join(folder, 'target');
    mkdirSync(target);
    mkdirSync(join(folder, 'repo'));
    git('init', '-q');
  });

  function git(...args: readonly string[]): string {
    return execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
      cwd: join(folder, 'repo'),
      encoding: 'utf8',
    }).trim();
  }

  function commit(text: string): string {
    writeFileSync(join(folder, 'repo', 'file'), text);
    git('add', '.');
    git('commit', '-q', '-m', text);
    return git('rev-parse', 'HEAD');
  }

  test('hooks of a template and filters of the repository are not run', async () => {
    writeFileSync(join(folder, 'repo', '.gitattributes'), '* filter=evil\n');
    const revision = commit('x');
    const url = `file://${join(folder, 'repo')}`;
    await fetchCommit(runTool, { url, revision, directory: target, signal });
    expect(readFileSync(join(target, 'file'), 'utf8')).toBe('x');
    expect(() => readFileSync(join(target, '.git/hooks/post-checkout'))).toThrow();
  });

  test('a commit that is not there, and a protocol that is not allowed, are told', async () => {
    commit('one');
    const url = `file://${join(folder, 'repo')}`;
    const missing = await fetchCommit(runTool, {
      url,
      revision: REVISION,
      directory: target,
      signal,
    });
    expect(missing.ok).toBe(false);
    const marker = join(folder, 'marker');
    const ext = await fetchCommit(runTool, {
      url: `ext::touch ${marker}`,
      revision: REVISION,
      directory: target,
      signal,
    });
    expect(ext.ok ? '' : ext.error).toMatch(/transport 'ext' not allowed/);
    expect(() => readFileSync(marker)).toThrow();
  });
});

test('the address stands behind --, and every call has the guards', async () => {
  const fake = fakeRun([{ command: 'git', args: [], result: {} }]);
  await fetchCommit(fake.run, {
    url: 'https://x.example/y',
    revision: REVISION,
    directory: '/d',
    signal,
  });
  const fetching = fake.runs.find(({ args }) => args.includes('fetch'));
  expect(fetching?.args.slice(-3)).toEqual(['--', 'https://x.example/y', REVISION]);
  for (const { args, cwd, env } of fake.runs) {
    expect(args).toContain('protocol.allow=never');
    expect(args).toContain('core.hooksPath=/dev/null');
    expect(cwd).toBe('/d');
    expect(env).toMatchObject({ GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: undefined });
  }
});
