import type * as childProcess from 'node:child_process';
import { expect, test, vi } from 'vitest';
import type { RunTool } from '../../src/model/run.ts';

const started: childProcess.ChildProcess[] = [];

vi.mock('node:child_process', async (original) => {
  const real = await original<typeof childProcess>();
  const spawn = (file: string, args: readonly string[], options: childProcess.SpawnOptions) => {
    const child = real.spawn(file, args, options);
    started.push(child);
    return child;
  };
  return { ...real, spawn };
});

/** As Node says that a signal may not be sent to a process of somebody else. */
async function withErrorAfterStart(run: Parameters<RunTool>[0]): ReturnType<RunTool> {
  const { runTool } = await import('../../src/tools/run-tool.ts');
  const result = runTool(run);
  const [child] = started.splice(0);
  child?.once('spawn', () => child.emit('error', new Error('kill EPERM')));
  return result;
}

test('an error after the start does not hide how a tool ends', async () => {
  const run = { command: 'sh', args: ['-c', 'sleep 0.1; echo out; exit 3'], timeoutMs: 60_000 };
  expect(await withErrorAfterStart(run)).toEqual({
    ended: 'exit',
    exitCode: 3,
    stdout: 'out\n',
    stderr: '',
  });
});

test('nobody waits for what cannot be stopped', async () => {
  const timeoutMs = 1;
  const run = { command: 'sh', args: ['-c', 'trap "" TERM; sleep 60'], timeoutMs };
  const { runTool } = await import('../../src/tools/run-tool.ts');
  const result = runTool(run);
  const [child] = started.splice(0);
  setTimeout(() => child?.emit('error', new Error('kill EPERM')), 200);
  const before = Date.now();
  expect(await result).toMatchObject({ ended: 'timeout' });
  expect(Date.now() - before).toBeLessThan(40_000);
  child?.kill('SIGKILL');
});
