import { type CommandSpec, completedFlags } from './command-spec.ts';
import type { FlagSpec } from './flag-spec.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** A command as completion shows it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly spec: Pick<CommandSpec, 'flags' | 'others' | 'also' | 'operands'>;
}

const HELP: FlagSpec = { name: 'help', short: 'h', kind: 'bool', help: 'Show this help' };

/** A shell's completion script for `scoville`: its commands, and their flags with their values. */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](commands);
}

/** What completion offers after a command: its flags, with their values. */
function flagsOf({ spec }: CompletedCommand): readonly FlagSpec[] {
  return [...completedFlags(spec as CommandSpec), HELP];
}

/**
 * What may stand in place of the last word that was typed behind `scoville`, each with what it
 * means; undefined for files and folders.
 */
export function offered(
  commands: readonly CompletedCommand[],
  typed: readonly string[],
): readonly (readonly [word: string, help: string])[] | undefined {
  const last = typed.at(-1) ?? '';
  const begun = (words: readonly (readonly [string, string])[]) =>
    words.filter(([word]) => word.startsWith(last));
  if (typed.length < 2) return begun(commands.map(({ name, summary }) => [name, summary]));
  const command = commands.find(({ name }) => name === typed[0]);
  if (command === undefined) return undefined;
  const flags = flagsOf(command);
  const before = typed.at(-2) ?? '';
  const given = flags.find(
    ({ name, short, kind }) =>
      kind !== 'bool' && [`--${name}`, `-${short ?? '-'}`].includes(before),
  );
  if (given !== undefined)
    return given.choices === undefined && given.path === true
      ? undefined
      : begun((given.choices ?? []).map((choice) => [choice, given.help]));
  if (last.startsWith('-')) return begun(flags.map(({ name, help }) => [`--${name}`, help]));
  const { choices } = command.spec.operands ?? {};
  return choices === undefined ? undefined : begun(choices.map((choice) => [choice, '']));
}

function bashScript(commands: readonly CompletedCommand[]): string {
  return `# bash completion of scoville: eval "$(scoville completion bash)"
_scoville() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} flags operands
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${commands.map((command) => command.name).join(' ')} --help --version' -- "$cur"))
    return
  fi
  # Readline takes "=" for a word of its own.
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  case \${COMP_WORDS[1]} in
${commands.map(bashCommand).join('\n')}
  *) return ;;
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  elif [[ $operands == -* ]]; then
    COMPREPLY=($(compgen $operands -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$operands" -- "$cur"))
  fi
}
complete -o filenames -F _scoville scoville
`;
}

function bashCommand(command: CompletedCommand): string {
  const flags = flagsOf(command);
  const words = flags.flatMap(({ name, short }) => [
    `--${name}`,
    ...(short === undefined ? [] : [`-${short}`]),
  ]);
  const { choices, folders } = command.spec.operands ?? {};
  return `  ${command.name})
    flags='${words.join(' ')}' operands='${choices?.join(' ') ?? (folders === true ? '-d' : '-f')}'
    case $prev in
${flags.filter(takesValue).map(bashCase).join('\n')}
    esac ;;`;
}

function takesValue({ kind }: FlagSpec): boolean {
  return kind !== 'bool';
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
  shift words; ((CURRENT--))
  case $words[1] in
${commands.map(zshCommand).join('\n')}
  esac
}
compdef _scoville scoville
`;
}

function zshCommand(command: CompletedCommand): string {
  const { choices, folders } = command.spec.operands ?? {};
  const operands =
    choices === undefined
      ? folders === true
        ? '_files -/'
        : '_files'
      : choices.length === 0
        ? ' '
        : `(${choices.join(' ')})`;
  const words = [...flagsOf(command).flatMap(zshArguments), `*:operand:${operands}`];
  return `  ${command.name}) _arguments -s \\
${words.map((text) => `    ${quoted(text)}`).join(' \\\n')} ;;`;
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
  return `# fish completion of scoville: scoville completion fish | source
${[...first, ...commands.flatMap(fishCommand)].join('\n')}
`;
}

function fishCommand(command: CompletedCommand): readonly string[] {
  const seen = `complete -c scoville -n '__fish_seen_subcommand_from ${command.name}'`;
  const { choices } = command.spec.operands ?? {};
  const operands = choices === undefined ? [] : [`${seen} -f -a ${fishQuoted(choices.join(' '))}`];
  const flags = flagsOf(command).map((flag) => {
    const short = flag.short === undefined ? '' : ` -s ${flag.short}`;
    const files = flag.kind === 'bool' ? '' : flag.path === true ? ' -r -F' : ' -x';
    const values = flag.choices === undefined ? '' : ` -a ${fishQuoted(flag.choices.join(' '))}`;
    return `${seen} -l ${flag.name}${short}${files}${values} -d ${fishQuoted(flag.help)}`;
  });
  return [...operands, ...flags];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}
