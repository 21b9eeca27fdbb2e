import { expect, test } from 'vitest';
import { isTyped, parseStat } from '../../src/cli/terminal-job.ts';

test('a job is read from /proc, whatever the name of the program', () => {
  expect(parseStat('812 (node) R) 1 (x) S 400 812 400 34816 812 4194304 1 2')).toEqual({
    pid: 812,
    parent: 400,
    group: 812,
    foreground: 812,
  });
  expect(parseStat('812 (node) S')).toBeUndefined();
  expect(parseStat('')).toBeUndefined();
});

test.each([
  ['typed at a prompt', { pid: 10, parent: 5, group: 10, foreground: 10 }, false, true],
  ['in a script', { pid: 10, parent: 5, group: 5, foreground: 5 }, false, false],
  ['in the background', { pid: 10, parent: 5, group: 10, foreground: 5 }, false, false],
  ['as a plugin of a typed docker', { pid: 10, parent: 5, group: 5, foreground: 5 }, true, true],
  ['as a plugin in a script', { pid: 10, parent: 5, group: 2, foreground: 2 }, true, false],
  ['without a terminal', { pid: 10, parent: 5, group: 10, foreground: -1 }, false, false],
])('%s', (_name, job, plugin, typed) => {
  expect(isTyped(job, plugin)).toBe(typed);
});
