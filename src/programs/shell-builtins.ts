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
