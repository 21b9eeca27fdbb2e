import type { Command, ParsedScript, Statement, Word } from 'unbash';
import { err, ok, type Result } from '../lib/errors.ts';
import { fileName } from '../lib/text.ts';
import { execStrings, type Instruction, jsonArray } from '../model/dockerfile.ts';
import { SHELLS } from '../programs/kinds.ts';
import { RUNS_TEXT } from '../programs/options.ts';
import { flatten } from './flat-commands.ts';
import { type LogicalLine, rangeOf } from './logical-lines.ts';
import { constantField } from './shell/expand.ts';
import { parseShell, type Script } from './shell/parse-shell.ts';
import { programOf } from './shell/wrappers.ts';

/** The shell that RUN in shell form goes through, as SHELL set it. */
export interface RunShell {
  readonly program: string;
  readonly errexit: boolean;
  readonly pipefail: boolean;
  /** Why its effect on the text of a RUN is not known. */
  readonly unread?: string;
  /** Its words; the text of a RUN follows. */
  readonly argv: readonly string[];
}

/** A RUN's commands with the options its shell starts with. */
export interface RunScript extends Script {
  readonly errexit: boolean;
  readonly pipefail: boolean;
  /** bash reads it; else any POSIX shell may. */
  readonly bash: boolean;
  /** The words of the shell that it goes through; undefined in exec form. */
  readonly shell?: readonly string[];
}

/** Where the shells of base images lie. */
const FOLDER = /^(?:(?:\/usr(?:\/local)?)?\/bin\/|\/busybox\/)?[^/]+$/;
const LETTERS = '[abcefhiluvxETO]';
/** Before the option that takes a name: an O is that option. */
const BEFORE_NAMED = '[abcefhiluvxET]';
const NAME =
  '(?:allexport|errexit|errtrace|functrace|nounset|noglob|pipefail|verbose|xtrace|extglob|globstar|nullglob|inherit_errexit)';
/** Options that do no more than run the text behind them: -n runs nothing, a word is the script. */
const OPTIONS = new RegExp(
  `^(?: (?:--(?:login|noprofile|norc|posix)|-${LETTERS}+|-${BEFORE_NAMED}*[oO]${LETTERS}* ${NAME}))+$`,
);

/** What `SHELL ["/bin/bash", "-eo", "pipefail", "-c"]` means for later RUNs. */
export function shellOf(argv: readonly string[]): RunShell {
  const [path = '', ...words] = argv;
  const program = programOf([constantField(path)]).toLowerCase();
  const options = words.map((word) => ` ${word}`).join('');
  const isPlain = OPTIONS.test(options) && / -\w*c/.test(options) && FOLDER.test(path);
  const shell = {
    program,
    errexit: isPlain && / -\w*e| errexit/.test(options),
    pipefail: isPlain && / pipefail/.test(options),
    argv,
  };
  if (!SHELLS.has(program))
    return { ...shell, unread: `RUN goes through ${program}, no POSIX shell` };
  if (isPlain) return shell;
  return { ...shell, unread: `SHELL ${JSON.stringify(argv)} may do more than run the commands` };
}

/** What Docker runs a RUN through where no SHELL says otherwise. */
export const DEFAULT_SHELL: RunShell = shellOf(['/bin/sh', '-c']);

/** What Docker runs a RUN through where the base is Windows and no SHELL says otherwise. */
export const WINDOWS_SHELL: RunShell = shellOf(['cmd', '/S', '/C']);

/** A word of a command that no shell reads. */
function plainWord(value: string, text: string, pos: number): Word {
  return { type: 'Word', value, text, parts: undefined, pos, end: pos + text.length };
}

/** The strings of a JSON array, with their places. */
function execWords(argv: readonly string[], line: LogicalLine, offset: number): readonly Word[] {
  const strings = [...line.text.slice(offset).matchAll(/"(?:[^"\\]|\\.)*"/g)];
  return argv.map((value, at) => {
    const { 0: text = value, index = 0 } = strings[at] ?? {};
    return plainWord(value, text, offset + index);
  });
}

function execTree([name, ...suffix]: readonly Word[], end: number): ParsedScript {
  const place = { pos: 0, end };
  const more = { prefix: [], args: suffix, redirects: [] };
  const command: Command = { type: 'Command', name, suffix, ...more, ...place };
  const commands: Statement[] = [{ type: 'Statement', command, background: undefined, ...place }];
  return { type: 'Script', shebang: undefined, commands, ...place };
}

function execScript(words: readonly Word[], line: LogicalLine): RunScript {
  return {
    tree: execTree(words, line.text.length),
    text: line.text,
    rangeOf: (start, end) => rangeOf(line, start, end),
    errexit: false,
    pipefail: false,
    bash: false,
  };
}

const ONLY_HEREDOC = /^<<-?\s*\S+$/;

/**
 * The shell of a RUN whose arguments begin at `offset` of its line. A RUN that is nothing but a
 * here-document is a script of its own; any other is a command line with here-documents. Gives the
 * reason where it is not shell we read.
 */
export function runScript(line: LogicalLine, offset: number, shell: RunShell): Result<RunScript> {
  const written = line.text.slice(offset).trim();
  const argv = execStrings(written);
  if (argv !== undefined && jsonArray(written)?.isWhole !== true)
    return err(
      'this RUN has text after its JSON array, and versions of BuildKit differ in what it runs',
    );
  if (argv !== undefined) return ok(execScript(execWords(argv, line, offset), line));
  if (shell.unread !== undefined) return err(shell.unread);
  const document = line.heredocs[0];
  const whole = ONLY_HEREDOC.test(written) && line.heredocs.length === 1 ? document : undefined;
  const base = whole?.offset ?? offset;
  const text = line.full.slice(base, whole?.end);
  const interpreter = whole && /^#!\s*(\S+)(?:[ \t]+(\S+))?/.exec(text.trimStart());
  const program = interpreter && interpreterName(interpreter[1] ?? '', interpreter[2] ?? '');
  if (typeof program === 'string' && !SHELLS.has(program))
    return err(`the script of this RUN is for ${program}`);
  const bash = (program ?? shell.program) === 'bash';
  const tree = parseShell(text);
  if (!tree.ok) {
    const { startLine } = rangeOf(line, base + tree.error.offset, base + tree.error.offset + 1);
    return err(`shell at line ${startLine}: ${tree.error.message}`);
  }
  const { errexit, pipefail } =
    interpreter === null || interpreter === undefined
      ? shell
      : { errexit: /^-\w*e/.test(interpreter[2] ?? ''), pipefail: false };
  return ok({
    tree: tree.value,
    text,
    rangeOf: (start, end) => rangeOf(line, base + start, base + end),
    errexit,
    pipefail,
    bash,
    shell: shell.argv,
  });
}

function interpreterName(path: string, argument: string): string {
  const program = fileName(path);
  return program === 'env' ? fileName(argument) : program;
}

/** A script that is not part of a Dockerfile has no place in one. */
const NOWHERE = { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 };

/** A program that a script runs, wrappers (`sudo`, `env`) taken off. */
export interface RunProgram {
  /** '' where it is not constant. */
  readonly program: string;
  /** Its words as far as they are known, else as written. */
  readonly words: readonly string[];
  /** The programs that only start it, the first in front. */
  readonly wrappers: readonly string[];
  /** Index of its command. */
  readonly at: number;
}

/** A RUN's programs in written order; those of scripts in its words replace the scripts' shells. */
export function runPrograms({ commands }: Pick<Instruction, 'commands'>): readonly RunProgram[] {
  return commands.flatMap(({ starts, wrappers, depth = 0 }, at) => {
    const isScript = (commands[at + 1]?.depth ?? 0) > depth;
    return starts.flatMap(([first = '', ...words]) => {
      const program = /[$`]/.test(first) ? '' : fileName(first);
      return isScript && (SHELLS.has(program) || RUNS_TEXT.has(program) || program === 'eval')
        ? []
        : [{ program, words, wrappers, at }];
    });
  });
}

/** The commands of a shell script, those of scripts inside it (`sh -c`) among them. */
export interface ScriptCommands {
  /** Words without those that only start it (`exec`, `sudo -u x`), and these. */
  readonly commands: readonly Pick<RunProgram, 'words' | 'wrappers'>[];
  /** Names of its functions, which are commands too. */
  readonly functions: ReadonlySet<string>;
  /** Why not all of them are known. */
  readonly unread?: string;
}

/** The commands of a shell script in written order; functions are read, not followed. */
export function scriptCommands(text: string): ScriptCommands {
  const tree = parseShell(text.replaceAll('\r\n', '\n'));
  return tree.ok
    ? commandsIn({ tree: tree.value, text, rangeOf: () => NOWHERE })
    : { commands: [], functions: new Set(), unread: tree.error.message };
}

export function execCommands(words: readonly string[]): ScriptCommands {
  const own = words.map((word) => plainWord(word, JSON.stringify(word), 0));
  return commandsIn({ tree: execTree(own, 0), text: '', rangeOf: () => NOWHERE });
}

function commandsIn(script: Script): ScriptCommands {
  const start = { lookup: () => undefined, folder: '', errexit: false, pipefail: false };
  const { commands, functions } = flatten(script, { ...start, bash: true, ids: { next: 0 } });
  const isHidden = commands.some(({ hidesScript }) => hidesScript);
  return {
    commands: commands.flatMap(
      ({ argv, own: { wrappers, script: text }, isStarted, hidesScript }) => {
        const isScript = text !== undefined && !isStarted && !hidesScript;
        if (isScript && wrappers.length === 0) return [];
        return [{ words: isScript ? [] : argv.map((field) => field.text), wrappers }];
      },
    ),
    functions,
    ...(isHidden ? { unread: 'a script in its words could not be read' } : {}),
  };
}
