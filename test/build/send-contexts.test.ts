import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
  const plan = planned([`--build-context=other=${dir}`, ...argv, dir], { layout });
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

test('what is ignored may have any mode, and by --repro=off all may', async () => {
  chmodSync(join(dir, 'a'), 0o664);
  expect((await sent(['--repro=off'])).folders).toEqual([dir, dir]);
  writeFileSync(join(dir, '.dockerignore'), 'a\n');
  expect((await sent([])).folders).toEqual([dir, dir]);
});

test('builds that are kept inside the context are not copied into themselves', async () => {
  chmodSync(join(dir, 'a'), 0o664);
  const layout = join(dir, 'store');
  mkdirSync(layout);
  const { folders, release } = await sent([], layout);
  expect(folders.every((folder) => !folder.startsWith(dir))).toBe(true);
  await release();
});
