import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { BUILD } from '../../src/build/flags.ts';
import { COMPLETION_SCRIPTS, completionAnswer, SHELLS } from '../../src/cli/command-help.ts';
import { bool, choice, text } from '../../src/cli/flag-table.ts';
import { SCANNER_CHOICES } from '../../src/model/settings.ts';

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

/** The words that are offered for the last of these, and what the shell does by itself. */
function offered(...words: readonly string[]): readonly string[] {
  return completionAnswer(COMMANDS, words, false).trimEnd().split('\n');
}

test.each([
  ['b', 'build :4'],
  ['build --min', '--min-level --min-grade :4'],
  ['build --min-grade A', 'A+ A :4'],
  ['build --scanner tr', 'trivy :4'],
  ['build --scanner=tr', '--scanner=trivy :4'],
  ['build --scanner ', `${SCANNER_CHOICES.join(' ')} :4`],
  ['build -f comp', ':0'],
  ['build --file=comp', ':0'],
  ['build -t ', ':4'],
  ['build ', ':16'],
  ['build --memory-s', ':4'],
  ['push ', ':0'],
  ['push --', '--all --policy --help :4'],
  ['pick -c b', 'blue :4'],
  ['pick t', 'two :4'],
  ['none --', ':0'],
])('%j', (words, expected) => {
  expect(offered(...words.split(' '))).toEqual(expected.split(' '));
});

/** What bash shows for these words, the last one being typed, where `answer` is what we answer. */
function shown(answer: string, ...words: readonly string[]): readonly string[] {
  const script = `${COMPLETION_SCRIPTS.bash}
scoville() { printf '%s,' "$@" >&3; printf '${answer}'; }
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _scoville 3>&2; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const options = { cwd: import.meta.dirname, encoding: 'utf8' } as const;
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...words], options);
  return [stderr, ...stdout.split('\n').filter((line) => line !== '')];
}

test.each([
  [
    String.raw`A+\tA help\nA\t\n:4\n`,
    ['build', '--min-grade', 'A'],
    ['build,--min-grade,A,', 'A+', 'A'],
  ],
  [String.raw`trivy\tx\n:4\n`, ['build', '--scanner', '=', 'tr'], ['build,--scanner,tr,', 'trivy']],
  [String.raw`auto\tx\n:4\n`, ['build', '--scanner', '='], ['build,--scanner,,', 'auto']],
  [String.raw`:0\n`, ['push', 'flags-c'], ['push,flags-c,', 'flags-completion.test.ts']],
  [String.raw`:16\n`, ['build', '../progr'], ['build,../progr,', '../programs']],
  [String.raw`:4\n`, ['build', '-t', ''], ['build,-t,,']],
])('bash, of %j for %j', (answer, words, expected) => {
  const [asked = '', ...rest] = expected;
  expect(shown(answer, 'scoville', ...words)).toEqual([`__complete,${asked}`, ...rest]);
});

test.each(SHELLS)('%s: the script ends its last line', (shell) => {
  expect(COMPLETION_SCRIPTS[shell]).toMatch(/[^\n]\n$/);
});
