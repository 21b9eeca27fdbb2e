import { expect, test } from 'vitest';
import { gitUser } from '../../src/build/git.ts';
import { fakeRun } from '../fakes/fake-run.ts';

function git(result: Parameters<typeof fakeRun>[0][number]['result']) {
  return fakeRun([{ command: 'git', args: ['--no-pager'], result }]);
}

function settings(...pairs: readonly string[]) {
  return git({ stdout: pairs.map((pair) => `global\0${pair}\0`).join('') });
}

test.each([
  [['user.name\nZoë', 'user.email\nz@example.com'], 'Zoë <z@example.com>'],
  [['user.name\nZoë', 'user.name\nOf this project'], 'Of this project'],
  [['user.email\nz@example.com', 'user.name\n '], 'z@example.com'],
  [['core.bare\nfalse', 'user.name'], undefined],
])('%j is %s', async (pairs, expected) => {
  const { run, runs } = settings(...pairs);
  expect(await gitUser(run, '/project')).toBe(expected);
  expect(runs.map(({ cwd }) => cwd)).toEqual(['/project']);
});

test('without git, or where git refuses the folder, nobody is known', async () => {
  expect(await gitUser(git({ ended: 'not-found' }).run, '/project')).toBeUndefined();
  expect(await gitUser(git({ exitCode: 128 }).run, '/project')).toBeUndefined();
});
