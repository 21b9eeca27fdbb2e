import { expect, test } from 'vitest';
import { openFile } from '../../src/lib/run-result.ts';
import type { ToolResult } from '../../src/lib/run-tool.ts';

const exit = (exitCode: number): ToolResult => ({
  ended: 'exit',
  exitCode,
  stdout: '',
  stderr: '',
});

test.each([
  ['linux', exit(0), undefined, 'xdg-open'],
  ['darwin', exit(1), 'open: exit code 1', 'open'],
  ['linux', { ended: 'not-found' }, 'xdg-open is not installed', 'xdg-open'],
  ['linux', { ended: 'timeout', stdout: '', stderr: '' }, undefined, 'xdg-open'],
] as const)('on %s, %j: %j', async (platform, result, problem, command) => {
  const asked: string[][] = [];
  const answer = await openFile(
    (run) => {
      asked.push([run.command, ...run.args]);
      return Promise.resolve(result);
    },
    '/a b.html',
    platform,
  );
  expect(answer).toBe(problem);
  expect(asked).toEqual([[command, '/a b.html']]);
});
