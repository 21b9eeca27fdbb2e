import { type CommandSpec, completedFlags } from './command-spec.ts';
import BASH from './completion.bash?raw';
import FISH from './completion.fish?raw';
import ZSH from './completion.zsh?raw';
import type { FlagSpec } from './flag-spec.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** A command as completion shows it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly spec: Pick<CommandSpec, 'flags' | 'others' | 'also' | 'operands'>;
}

const HELP: FlagSpec = { name: 'help', short: 'h', kind: 'bool', help: 'Show this help' };

/** What completion offers after a command: its flags, with their values. */
function flagsOf({ spec }: CompletedCommand): readonly FlagSpec[] {
  return [...completedFlags(spec as CommandSpec), HELP];
}

/** What the shell completes by itself: nothing, files, or folders. */
type Paths = 'none' | 'files' | 'folders';

interface Offer {
  readonly words: readonly (readonly [word: string, help: string])[];
  readonly paths: Paths;
}

/** As spf13/cobra, completions.go, names them. */
const DIRECTIVES: Readonly<Record<Paths, number>> = { none: 4, files: 0, folders: 16 };

/**
 * The answer to `__complete WORDS`, the last word being typed: a line for each word that may stand
 * there, with what it means behind a tab, then how to go on. It is the form of cobra's commands,
 * which docker reads of its plugins.
 */
export function completionAnswer(
  commands: readonly CompletedCommand[],
  typed: readonly string[],
  withHelp = true,
): string {
  const last = typed.at(-1) ?? '';
  const { words, paths } = offered(commands, typed);
  const lines = words
    .filter(([word]) => word.startsWith(last))
    .map(([word, help]) => (withHelp ? `${word}\t${help}` : word));
  return `${[...lines, `:${DIRECTIVES[paths]}`].join('\n')}\n`;
}

const FILES: Offer = { words: [], paths: 'files' };

function offered(commands: readonly CompletedCommand[], typed: readonly string[]): Offer {
  const words = (of: Offer['words']): Offer => ({ words: of, paths: 'none' });
  if (typed.length < 2) return words(commands.map(({ name, summary }) => [name, summary]));
  const command = commands.find(({ name }) => name === typed[0]);
  if (command === undefined) return FILES;
  const flags = flagsOf(command);
  const [last = '', before = ''] = [typed.at(-1), typed.at(-2)];
  const glued = /^(--[\w-]+=)/.exec(last)?.[1] ?? '';
  const named = glued === '' ? before : glued.slice(0, -1);
  const given = flags.find(
    ({ name, short, kind }) => kind !== 'bool' && [`--${name}`, `-${short ?? '-'}`].includes(named),
  );
  if (given !== undefined)
    return given.choices === undefined && given.path === true
      ? FILES
      : words((given.choices ?? []).map((choice) => [glued + choice, given.help]));
  if (last.startsWith('-')) return words(flags.map(({ name, help }) => [`--${name}`, help]));
  const { choices, folders } = command.spec.operands ?? {};
  if (choices !== undefined) return words(choices.map((choice) => [choice, '']));
  return { words: [], paths: folders === true ? 'folders' : 'files' };
}

/** A shell's completion script: each asks `scoville __complete`, so that no script is ever old. */
export const COMPLETION_SCRIPTS: Readonly<Record<(typeof SHELLS)[number], string>> = {
  bash: BASH,
  zsh: ZSH,
  fish: FISH,
};
