import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PipelineEvent } from '../../src/model/events.ts';
import { noticeModes } from '../../src/pipeline/context-modes.ts';
import { runTool } from '../../src/tools/run-tool.ts';
import { contextOf } from './pipeline-context.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'scoville-modes-'));
  for (const name of ['a', 'b', 'run.sh', 'untracked']) {
    writeFileSync(join(dir, name), name);
    chmodSync(join(dir, name), name === 'run.sh' ? 0o755 : 0o644);
  }
  symlinkSync('a', join(dir, 'link'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

function track(): void {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: dir, stdio: 'ignore' });
  git('init', '-q');
  git('add', 'a', 'b', 'run.sh', 'link');
}

async function notices(): Promise<readonly string[]> {
  const events: PipelineEvent[] = [];
  await noticeModes(contextOf(runTool, dir, { emit: (event) => void events.push(event) }), dir);
  return events.flatMap((event) => (event.kind === 'notice' ? [event.text] : []));
}

test('nothing under umask 022, whatever the modes of what git does not track', async () => {
  track();
  chmodSync(join(dir, 'untracked'), 0o666);
  expect(await notices()).toEqual([]);
});

test('files of another umask are named once', async () => {
  track();
  chmodSync(join(dir, 'a'), 0o664);
  expect(await notices()).toEqual([expect.stringMatching(/^"a" has another mode/)]);
  chmodSync(join(dir, 'run.sh'), 0o700);
  expect(await notices()).toEqual([expect.stringMatching(/^"a" and 1 more tracked files have/)]);
});

test('nothing outside of a repository', async () => {
  chmodSync(join(dir, 'a'), 0o666);
  expect(await notices()).toEqual([]);
});
