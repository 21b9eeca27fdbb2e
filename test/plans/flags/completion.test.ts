import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { SCANNER_CHOICES } from '../../../src/model/settings.ts';
import { BUILD } from '../../../src/plans/flags/build-spec.ts';
import { completionScript, SHELLS } from '../../../src/plans/flags/completion.ts';
import { bool, choice, text } from '../../../src/plans/flags/flag.ts';

const COMMANDS = [
  { name: 'build', summary: "build: what docker's build does", spec: BUILD },
  {
    name: 'push',
    summary: 'push',
    spec: { flags: { all: bool('All'), policy: text('FILE', 'A file', { path: true }) } },
  },
  {
    name: 'pick',
    summary: 'pick',
    spec: {
      flags: { color: choice(['red', 'blue'], 'COLOR', 'The color', { short: 'c' }) },
      operands: { choices: ['one', 'two'] },
    },
  },
];

/** What bash offers for these words, the last one being typed. */
function offered(...words: readonly string[]): readonly string[] {
  const script = `${completionScript('bash', COMMANDS)}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _scoville; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['-c', script, 'bash', ...words], { cwd: import.meta.dirname });
  return out
    .toString()
    .split('\n')
    .filter((line) => line !== '');
}

describe('bash', () => {
  test.each([
    [['scoville', 'b'], ['build']],
    [
      ['scoville', 'build', '--min'],
      ['--min-level', '--min-grade'],
    ],
    [
      ['scoville', 'build', '--min-grade', 'A'],
      ['A+', 'A'],
    ],
    [['scoville', 'build', '--scanner', '=', 'tr'], ['trivy']],
    [['scoville', 'build', '--scanner', '='], SCANNER_CHOICES],
    [['scoville', 'build', '-f', 'comp'], ['completion.test.ts']],
    [['scoville', 'build', '-t', ''], []],
    [['scoville', 'build', '../plu'], ['../plugin']],
    [['scoville', 'build', '--memory-s'], []],
    [['scoville', 'push', 'comp'], ['completion.test.ts']],
    [
      ['scoville', 'push', '--'],
      ['--all', '--policy', '--help'],
    ],
    [['scoville', 'push', '--policy', 'comp'], ['completion.test.ts']],
    [['scoville', 'pick', '-c', 'b'], ['blue']],
    [['scoville', 'pick', 't'], ['two']],
    [['scoville', 'none', '--'], []],
  ])('%j', (words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });
});

test('zsh: text with quotes, brackets and colons is quoted', () => {
  const script = completionScript('zsh', COMMANDS);
  expect(script).toContain(String.raw`    'build:build: what docker'\''s build does'`);
  expect(script).toContain(
    `    '--min-level=[Publish nothing below this level]:min-level:(0 1 2 3 4 5)' \\`,
  );
  expect(script).toContain("    '*-t+[Name of the image]:tag: ' \\");
});

test('fish: a line a flag', () => {
  const script = completionScript('fish', COMMANDS);
  expect(script).toContain(String.raw`-f -a build -d 'build: what docker\'s build does'`);
  expect(script).toContain(
    "complete -c scoville -n '__fish_seen_subcommand_from build' -l file -s f -r -F -d 'The Dockerfile (default: PATH/Dockerfile)'",
  );
});

test.each(SHELLS)('%s: the script ends its last line', (shell) => {
  expect(completionScript(shell, COMMANDS)).toMatch(/[^\n]\n$/);
});
