import { SHOWN_BUILD_FLAGS } from './build-help.ts';
import type { FlagSpec } from './buildx/flag-spec.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A command as completion shows it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
}

/** The completion script of a shell for `scoville`: its commands, and the flags of `build` with their values. */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  switch (shell) {
    case 'bash':
      return bashScript(commands);
    case 'zsh':
      return zshScript(commands);
    case 'fish':
      return fishScript(commands);
  }
}

function bashScript(commands: readonly CompletedCommand[]): string {
  const words = SHOWN_BUILD_FLAGS.flatMap((flag) => [
    `--${flag.name}`,
    ...(flag.short === undefined ? [] : [`-${flag.short}`]),
  ]);
  const valued = SHOWN_BUILD_FLAGS.filter((flag) => flag.kind !== 'bool');
  return `# bash completion of scoville: eval "$(scoville completion bash)"
_scoville() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${commands.map((command) => command.name).join(' ')} --help --version' -- "$cur"))
    return
  fi
  [[ \${COMP_WORDS[1]} == build ]] || { COMPREPLY=($(compgen -f -- "$cur")); return; }
  # Readline takes "=" for a word of its own.
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  case $prev in
${valued.map(bashCase).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$cur"))
  else
    COMPREPLY=($(compgen -d -- "$cur"))
  fi
}
complete -o filenames -F _scoville scoville
`;
}

function bashCase(flag: FlagSpec): string {
  const names = flag.short === undefined ? [] : [`-${flag.short}`];
  const answer =
    flag.choices !== undefined
      ? `COMPREPLY=($(compgen -W '${flag.choices.join(' ')}' -- "$cur")); `
      : flag.path === true
        ? 'COMPREPLY=($(compgen -f -- "$cur")); '
        : '';
  return `    ${[...names, `--${flag.name}`].join('|')}) ${answer}return ;;`;
}

function zshScript(commands: readonly CompletedCommand[]): string {
  return `#compdef scoville
# zsh completion of scoville: eval "$(scoville completion zsh)"
_scoville() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join('\n')}
  )
  if ((CURRENT == 2)); then _describe command commands; return; fi
  if [[ $words[2] != build ]]; then _files; return; fi
  shift words; ((CURRENT--))
  _arguments -s \\
${SHOWN_BUILD_FLAGS.flatMap(zshArguments)
  .map((text) => `    ${quoted(text)} \\`)
  .join('\n')}
    '1:context:_files -/'
}
compdef _scoville scoville
`;
}

function zshArguments(flag: FlagSpec): readonly string[] {
  const help = flag.help.replaceAll(/[[\]\\:]/g, String.raw`\$&`);
  const repeats = flag.kind === 'array' || flag.kind === 'slice' ? '*' : '';
  const action =
    flag.choices === undefined
      ? flag.path === true
        ? '_files'
        : ' '
      : `(${flag.choices.join(' ')})`;
  const value = flag.kind === 'bool' ? '' : `:${flag.name}:${action}`;
  const long = `${repeats}--${flag.name}${flag.kind === 'bool' ? '' : '='}[${help}]${value}`;
  if (flag.short === undefined) return [long];
  const glued = flag.kind === 'bool' ? '' : '+';
  return [`${repeats}-${flag.short}${glued}[${help}]${value}`, long];
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const first = commands.map(
    ({ name, summary }) =>
      `complete -c scoville -n __fish_use_subcommand -f -a ${name} -d ${fishQuoted(summary)}`,
  );
  const flags = SHOWN_BUILD_FLAGS.map((flag) => {
    const short = flag.short === undefined ? '' : ` -s ${flag.short}`;
    const files = flag.kind === 'bool' ? '' : flag.path === true ? ' -r -F' : ' -x';
    const choices = flag.choices === undefined ? '' : ` -a ${fishQuoted(flag.choices.join(' '))}`;
    return `complete -c scoville -n '__fish_seen_subcommand_from build' -l ${flag.name}${short}${files}${choices} -d ${fishQuoted(flag.help)}`;
  });
  return `# fish completion of scoville: scoville completion fish | source
${[...first, ...flags].join('\n')}
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}
