import type { Field } from './fields.ts';
import { type ShellState, assign, pathIn } from './shell-state.ts';
import { programOf } from './wrappers.ts';

const DECLARES = new Set(['export', 'declare', 'local', 'readonly', 'typeset']);

/** `set -e`, `set -o pipefail` and their opposites. */
function applySet(state: ShellState, words: readonly string[]): void {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const on = word.startsWith('-');
    if (!/^[-+][A-Za-z]+$/.test(word)) return;
    if (word.includes('e')) state.errexit = on;
    if (!word.endsWith('o')) continue;
    at += 1;
    if (words[at] === 'pipefail') state.pipefail = on;
    if (words[at] === 'errexit') state.errexit = on;
  }
}

const SPECIAL = new Set([
  ':',
  '.',
  'eval',
  'exec',
  'export',
  'readonly',
  'set',
  'shift',
  'trap',
  'unset',
]);

/** True for builtins whose assignments in front stay (POSIX, 2.14 Special Built-In Utilities): `A=1 set -x`. */
export function isSpecialBuiltin(argv: readonly Field[]): boolean {
  return SPECIAL.has(argv[0]?.text ?? '');
}

/** Runs a builtin that changes the state of the shell; false where the command is none. */
export function runBuiltin(argv: readonly Field[], state: ShellState): boolean {
  const program = programOf(argv);
  if (program === 'set') {
    applySet(
      state,
      argv.slice(1).map((f) => f.text),
    );
  } else if (program === 'cd') {
    const target = argv.find((f, i) => i > 0 && !f.text.startsWith('-'));
    state.folder = target?.constant === true ? pathIn(state.folder, target.text) : '';
  } else if (DECLARES.has(program)) {
    for (const field of argv.slice(1)) assign(state, field);
  } else return false;
  return true;
}
