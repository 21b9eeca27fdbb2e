import { constantField, type Field } from './fields.ts';
import { type ShellState, UNRUN, assign, mayHaveLeft, pathIn } from './shell-state.ts';
import type { TraceContext } from './traced-command.ts';
import { programOf } from './wrappers.ts';

const DECLARES = new Set(['export', 'declare', 'local', 'readonly', 'typeset']);

/** `set -e`, `set -o pipefail` and their opposites; a word that is not known may turn both off. */
function applySet(state: ShellState, fields: readonly Field[]): void {
  for (let at = 0; at < fields.length; at += 1) {
    const { text: word, constant } = fields[at] ?? constantField('');
    if (!constant) {
      state.errexit = false;
      state.pipefail = false;
    }
    if (!/^[-+][A-Za-z]+$/.test(word)) return;
    const on = word.startsWith('-');
    if (word.includes('e')) state.errexit = on;
    if (on && word.includes('n')) state.replaced.add(UNRUN);
    if (!word.endsWith('o')) continue;
    at += 1;
    const option = fields[at]?.text;
    if (option === 'pipefail') state.pipefail = on;
    if (option === 'errexit') state.errexit = on;
    if (on && option === 'noexec') state.replaced.add(UNRUN);
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

/** True for builtins that keep an `A=1` in front (POSIX, 2.14 Special Built-In Utilities). */
export function isSpecialBuiltin(argv: readonly Field[]): boolean {
  return SPECIAL.has(argv[0]?.text ?? '');
}

/** What `exit`, `return`, `break` and `exec` leave, unless they end the RUN with a failure. */
function leave(argv: readonly Field[], state: ShellState, context: TraceContext): void {
  const program = programOf(argv);
  const code = argv[1]?.constant === true ? argv[1].text : '';
  const isFailure = /^\d{1,9}$/.test(code) && Number(code) % 256 !== 0;
  if (program === 'break' || program === 'continue') mayHaveLeft(state, 'loop');
  else if (program === 'exit' && !(isFailure && context.exitFails === undefined))
    mayHaveLeft(state, 'script');
  else if (program === 'return' && !(isFailure && context.returnFails === undefined))
    mayHaveLeft(state, context.inFunction === true ? 'function' : 'script');
}

/** Names that an alias or `hash -p` gives another program. */
function replacedBy(program: string, argv: readonly Field[]): readonly string[] {
  const words = argv.slice(1).filter(({ text }) => !text.startsWith('-'));
  if (!words.every(({ constant }) => constant)) return ['*'];
  if (program === 'hash')
    return argv.some(({ text }) => /^-\w*p/.test(text))
      ? words.slice(1).map(({ text }) => text)
      : [];
  const names = words
    .filter(({ text }) => text.includes('='))
    .map(({ text }) => text.slice(0, text.indexOf('=')));
  // An alias of what tells of a failure changes them all.
  return names.some((name) => /^(?:exit|return|false|set|test|\[|if|then|else|fi)$/.test(name))
    ? ['*']
    : names;
}

/** Variables that a builtin gives a value which is not known. */
function setByBuiltin(
  program: string,
  argv: readonly Field[],
  state: ShellState,
  id: number,
): void {
  const words = argv.slice(1);
  const named =
    program === 'printf' || program === 'wait'
      ? words.filter(({ text }, at) => /^-[vp]./.test(text) || /^-[vp]$/.test(argv[at]?.text ?? ''))
      : words;
  const isOption = program === 'printf' && !/^-v/.test(argv[1]?.text ?? '');
  if (isOption) return;
  // A name that is not known may be any.
  if (named.some(({ constant }) => !constant)) state.hasReferences = true;
  const names = named.flatMap(
    ({ text }) => text.replace(/^-[vp]/, '').match(/[A-Za-z_]\w*/g) ?? [],
  );
  // What it reads, others may have written.
  const sources = /^(?:read|mapfile|readarray)$/.test(program) ? [id] : [];
  for (const name of [...names, 'REPLY', 'MAPFILE', 'OPTARG'])
    state.variables.set(name, { value: undefined, sources });
}

/** Runs a builtin that changes the state of the shell; false where the command is none. */
export function runBuiltin(
  argv: readonly Field[],
  state: ShellState,
  context: TraceContext,
  /** Its number among the commands. */
  id: number,
): boolean {
  const program = programOf(argv);
  switch (program) {
    case 'set':
      applySet(state, argv.slice(1));
      return true;
    case 'shopt':
      // `shopt -uo errexit` turns an option of set off.
      if (argv.some(({ text, constant }) => !constant || /^-\w*u/.test(text))) {
        state.errexit &&= !argv.some(({ text, constant }) => !constant || text === 'errexit');
        state.pipefail &&= !argv.some(({ text, constant }) => !constant || text === 'pipefail');
      }
      return true;
    case 'cd':
    case 'pushd': {
      const target = argv.find((f, i) => i > 0 && !f.text.startsWith('-'));
      state.folder = target?.constant === true ? pathIn(state.folder, target.text) : '';
      return true;
    }
    case 'popd':
      state.folder = '';
      return true;
    case 'exit':
    case 'return':
    case 'break':
    case 'continue':
      leave(argv, state, context);
      return true;
    case 'alias':
    case 'hash':
      for (const name of replacedBy(program, argv)) state.replaced.add(name);
      return false;
    case 'unset':
    case 'read':
    case 'mapfile':
    case 'readarray':
    case 'getopts':
    case 'let':
    case 'printf':
    case 'wait':
      setByBuiltin(program, argv, state, id);
      return program === 'unset';
    default:
      if (!DECLARES.has(program)) return false;
      // A name for another variable: any may change by it.
      state.hasReferences ||= program !== 'export' && argv.some(({ text }) => /^-\w*n/.test(text));
      for (const field of argv.slice(1)) assign(state, field);
      return true;
  }
}
