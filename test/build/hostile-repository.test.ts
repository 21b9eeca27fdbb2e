import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gitFacts, gitUser, isChangedInGit, trackedFiles } from '../../src/build/git.ts';
import { runTool } from '../../src/lib/run-tool.ts';

let folder: string;
let mark: string;

beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), 'hostile-git-'));
  folder = join(root, 'clone');
  mark = join(root, 'ran');
  await mkdir(folder);
  const git = (...args: readonly string[]): void => {
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: folder });
  };
  git('init', '-q');
  await writeFile(join(folder, 'f'), 'one\n');
  await writeFile(join(folder, '.gitattributes'), '* filter=evil diff=evil\n');
  git('add', '.');
  git('commit', '-qm', 'one');
  const evil = join(root, 'evil');
  await writeFile(evil, `#!/bin/sh\necho "$0 $*" >> ${mark}\ncat\n`);
  await chmod(evil, 0o755);
  await mkdir(join(folder, '.git/hooks'), { recursive: true });
  for (const hook of ['post-index-change', 'fsmonitor-watchman', 'reference-transaction'])
    await writeFile(join(folder, '.git/hooks', hook), `#!/bin/sh\n${evil} hook\n`, {
      mode: 0o755,
    });
  await writeFile(
    join(folder, '.git/included'),
    `[filter "evil"]\n\tclean = ${evil} clean\n\tsmudge = ${evil} smudge\n\tprocess = ${evil} process\n[diff "evil"]\n\ttextconv = ${evil} textconv\n\tcommand = ${evil} diff\n`,
  );
  await writeFile(
    join(folder, '.git/config'),
    `[core]\n\trepositoryformatversion = 0\n\tfsmonitor = ${evil} fsmonitor\n\thooksPath = .git/hooks\n\tsshCommand = ${evil} ssh\n\tpager = ${evil} pager\n\teditor = ${evil} editor\n\tgitProxy = ${evil} proxy\n\taskPass = ${evil} ask\n[include]\n\tpath = included\n[gpg]\n\tprogram = ${evil} gpg\n[log]\n\tshowSignature = true\n[pager]\n\tlog = ${evil} pager\n\tstatus = ${evil} pager\n[alias]\n\tstatus = !${evil} alias\n[credential]\n\thelper = !${evil} credential\n[remote "origin"]\n\turl = ext::${evil} remote\n\tpromisor = true\n[diff]\n\texternal = ${evil} external\n`,
  );
  // Only what differs from the commit is filtered.
  await writeFile(join(folder, 'f'), 'two\n');
}, 30_000);

afterAll(() => rm(join(folder, '..'), { recursive: true, force: true }));

test('git starts nothing that a hostile clone names', async () => {
  expect(await gitFacts(runTool, folder)).toMatchObject({ dirty: true });
  expect((await trackedFiles(runTool, folder))?.files).toHaveLength(2);
  expect(await isChangedInGit(runTool, join(folder, 'f'))).toBe(true);
  await gitUser(runTool, folder);
  expect(existsSync(mark)).toBe(false);
  // The trap works: plain git falls into it.
  execFileSync('git', ['status'], { cwd: folder, stdio: 'ignore' });
  expect(existsSync(mark)).toBe(true);
});
