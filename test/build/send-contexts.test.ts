import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { sendContexts } from '../../src/build/send-contexts.ts';
import { runTool } from '../../src/lib/run-tool.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { planned } from './given.ts';

let root = '';
let dir = '';

beforeEach(() => {
  root = temporaryFolder();
  dir = join(root, 'app');
  mkdirSync(dir);
  mkdirSync(join(root, 'layout'));
  for (const name of ['Dockerfile', 'a']) writeFileSync(join(dir, name), name);
  chmodSync(join(dir, 'Dockerfile'), 0o644);
  const git = (...args: string[]) => execFileSync('git', args, { cwd: dir, stdio: 'ignore' });
  git('init', '-q');
  git('add', '.');
});

/** Sends the folder as context, and as one that is named `other`. */
async function sent(argv: readonly string[], layout = join(root, 'layout'), elsewhere = false) {
  const paths = { layout, metadataFile: '', sourcePolicyFile: '' };
  const plan = planned([`--build-context=other=${dir}`, ...argv, dir], { paths });
  const source = {
    kind: 'directory',
    directory: dir,
    contextName: 'app',
    dockerfileText: '',
    dockerfilePath: join(dir, 'Dockerfile'),
    stdin: undefined,
  } as const;
  const { invocation, release } = await sendContexts(
    contextOf(runTool, root),
    plan,
    source,
    elsewhere,
  );
  const named = invocation.flags.flatMap((flag) =>
    flag.name === 'build-context' ? [flag.value.slice('other='.length)] : [],
  );
  const [file] = invocation.flags.flatMap((flag) => (flag.name === 'file' ? [flag.value] : []));
  return { folders: [invocation.context, ...named], file, release };
}

test('a checkout under umask 022 is sent itself', async () => {
  chmodSync(join(dir, 'a'), 0o644);
  expect(await sent([])).toMatchObject({ folders: [dir, dir], file: undefined });
});

test('of another umask a copy of the same name is sent, with the user’s own Dockerfile', async () => {
  chmodSync(join(dir, 'a'), 0o664);
  const { folders, file, release } = await sent([]);
  for (const folder of folders) {
    expect(folder).not.toBe(dir);
    expect(basename(folder)).toBe('app');
    expect(lstatSync(join(folder, 'a')).mode & 0o777).toBe(0o644);
  }
  expect(file).toBe(join(dir, 'Dockerfile'));
  await release();
  expect(folders.map((folder) => existsSync(folder))).toEqual([false, false]);
});

test('what is ignored may have any mode, and by --repro=off all may', async () => {
  chmodSync(join(dir, 'a'), 0o664);
  expect((await sent(['--repro=off'])).folders).toEqual([dir, dir]);
  writeFileSync(join(dir, '.dockerignore'), 'a\n');
  expect((await sent([])).folders).toEqual([dir, dir]);
});

test('for a second build the context is a copy in a folder of its own name', async () => {
  chmodSync(join(dir, 'a'), 0o644);
  const [first, second] = [
    await sent([], join(root, 'layout'), true),
    await sent([], join(root, 'layout'), true),
  ];
  const [one = '', named] = first.folders;
  expect(named).toBe(dir);
  expect(basename(one)).not.toBe(basename(second.folders[0] ?? ''));
  expect(lstatSync(join(one, 'a')).mtimeMs).toBe(1_000_000_000_000);
});

test('builds that are kept inside the context are not copied into themselves', async () => {
  chmodSync(join(dir, 'a'), 0o664);
  const layout = join(dir, 'store');
  mkdirSync(layout);
  const { folders, release } = await sent([], layout);
  expect(folders.every((folder) => !folder.startsWith(dir))).toBe(true);
  await release();
});
