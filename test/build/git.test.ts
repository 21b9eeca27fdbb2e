import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { gitFacts, withoutCredentials, withoutFilters } from '../../src/build/git.ts';
import { runTool } from '../../src/lib/run-tool.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

describe('gitFacts', () => {
  let repository = '';
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: repository,
      encoding: 'utf8',
      env: {
        ...process.env,
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_AUTHOR_NAME: 'a',
        GIT_AUTHOR_EMAIL: 'a@example.org',
        GIT_COMMITTER_NAME: 'a',
        GIT_COMMITTER_EMAIL: 'a@example.org',
        GIT_COMMITTER_DATE: '2026-01-02T03:04:05Z',
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  beforeEach(() => {
    repository = temporaryFolder();
  });
  const commit = (): void => {
    git('init', '-q', '-b', 'main');
    writeFileSync(join(repository, 'a.txt'), 'one\n');
    git('add', '.');
    git('commit', '-q', '-m', 'first');
  };

  test('of a clean commit with tags', async () => {
    commit();
    git('tag', 'v1.0');
    git('tag', '-a', 'release', '-m', 'r');
    git('remote', 'add', 'origin', 'https://me:t0ken@example.org/a/b.git');
    expect(await gitFacts(runTool, repository)).toEqual({
      commit: git('rev-parse', 'HEAD'),
      committedAt: Date.parse('2026-01-02T03:04:05Z') / 1000,
      exactTag: 'v1.0',
      dirty: false,
      remoteUrl: 'https://example.org/a/b.git',
      folder: '',
    });
  });

  test('a changed file makes it dirty, an untracked one does not', async () => {
    commit();
    writeFileSync(join(repository, 'new.txt'), 'new');
    expect((await gitFacts(runTool, repository))?.dirty).toBe(false);
    writeFileSync(join(repository, 'a.txt'), 'two\n');
    expect((await gitFacts(runTool, repository))?.dirty).toBe(true);
  });

  test('outside of a repository, and before the first commit, there is nothing', async () => {
    expect(await gitFacts(runTool, repository)).toBeUndefined();
    git('init', '-q');
    expect(await gitFacts(runTool, repository)).toBeUndefined();
  });

  test('nothing that the repository names is started', async () => {
    commit();
    const ran = join(repository, 'ran');
    const program = `sh -c 'touch ${ran}; cat'`;
    writeFileSync(join(repository, '.gitattributes'), '*.txt filter=evil\n');
    git('add', '.gitattributes');
    git('commit', '-q', '-m', 'attributes');
    for (const key of [
      'core.fsmonitor',
      'filter.evil.clean',
      'filter.evil.process',
      'gpg.program',
      'core.pager',
    ])
      git('config', key, program);
    git('config', 'log.showSignature', 'true');
    writeFileSync(join(repository, 'a.txt'), 'two\n');
    expect((await gitFacts(runTool, repository))?.dirty).toBe(true);
    expect(existsSync(ran)).toBe(false);
  });
});

test('a filter whose name would be read as another setting is not argued with', () => {
  const clean = (key: string) => withoutFilters([{ scope: 'local', key }]);
  expect(clean('filter.a=b.clean')).toBeUndefined();
  expect(clean('filter.lfs.clean')).toEqual(['-c', 'filter.lfs.clean=']);
  expect(clean('user.name')).toEqual([]);
  expect(withoutFilters([{ scope: 'global', key: 'filter.lfs.clean' }])).toEqual([]);
});

test.each([
  ['https://user:pass@example.org/a/b.git?x=1#y', 'https://example.org/a/b.git'],
  ['https://t0ken@example.org/a/b', 'https://example.org/a/b'],
  ['ssh://git@example.org:22/a/b.git', 'ssh://git@example.org:22/a/b.git'],
  ['git@example.org:a/b.git', 'git@example.org:a/b.git'],
  ['/srv/git/a.git', '/srv/git/a.git'],
  ['http://', undefined],
  [undefined, undefined],
])('%j without credentials is %j', (remote, clean) => {
  expect(withoutCredentials(remote)).toBe(clean);
});
