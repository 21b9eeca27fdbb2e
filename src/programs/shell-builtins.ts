import type { LocalPrograms } from './program.ts';

export const SHELL_BUILTINS: readonly LocalPrograms[] = [
  {
    programs:
      ': [ [[ (( test true false cd pwd pushd popd dirs echo printf read let getopts shift set unset export readonly local declare typeset ' +
      'shopt setopt unsetopt emulate umask ulimit exit return break continue wait jobs bg fg disown kill times type command hash exec builtin caller ' +
      'suspend logout bind which',
    reason: 'part of the shell: it works on the shell’s own state',
    unless: /^-p /,
  },
  {
    programs: 'mapfile readarray',
    reason: 'part of the shell: it reads lines into a variable',
    unless: /(?:^| )-C/,
  },
  { programs: 'trap', reason: 'part of the shell: what it is given is read as shell' },
];

/** Builtins that lie on PATH as programs, too. */
const FILES: ReadonlySet<string> = new Set(
  '[ test true false echo printf pwd kill which'.split(' '),
);
/** Words of the language, and builtins that run or read something else. */
const WORDS: ReadonlySet<string> = new Set(
  (
    'if then elif else fi for while until do done case esac in function select time coproc { } ! . source eval ' +
    'alias unalias enable fc help history'
  ).split(' '),
);
const BUILTINS: ReadonlySet<string> = new Set(
  SHELL_BUILTINS.flatMap(({ programs }) => programs.split(' ')).filter((name) => name !== 'which'),
);

/** True for what a shell runs itself, whatever lies on PATH. */
export function isBuiltin(program: string): boolean {
  return BUILTINS.has(program);
}

/** True for a word that means something to a shell in place of a program: `if`, `cd`, `eval`. */
export function isShellWord(word: string): boolean {
  return WORDS.has(word) || BUILTINS.has(word);
}

/** True for a word that only a shell knows: no program has its name. */
export function isOfShellAlone(word: string): boolean {
  return isShellWord(word) && !FILES.has(word);
}
