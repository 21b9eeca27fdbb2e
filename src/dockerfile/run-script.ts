import type { Command, ParsedScript, Statement, Word } from 'unbash';
import { err, ok, type Result } from '../lib/errors.ts';
import { fileName } from '../lib/text.ts';
import {
  execStrings,
  type Instruction,
  jsonArray,
  type ShellCommand,
  type ShellWord,
} from '../model/dockerfile.ts';
import { SHELLS } from '../programs/kinds.ts';
import { flatCommands } from './flat-commands.ts';
import { type LogicalLine, rangeOf } from './logical-lines.ts';
import { constantField, type Field } from './shell/expand.ts';
import { parseShell, type Script } from './shell/parse-shell.ts';
import { programOf, unwrap } from './shell/wrappers.ts';

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
const LETTERS = /^-[abcefhiluvxoEOT]+$/;
const LONG = /^--(?:login|noprofile|norc|posix)$/;
const NAME =
  /^(?:allexport|errexit|errtrace|functrace|nounset|noglob|pipefail|verbose|xtrace|extglob|globstar|nullglob|inherit_errexit)$/;

/** The options that SHELL sets; undefined where they do more than that, or do not end with `-c`. */
function optionsOf(words: readonly string[]): ReadonlySet<string> | undefined {
  const set = new Set<string>();
  let takesText = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (takesText && at > 0 && !word.startsWith('-')) return undefined;
    // -n reads commands and does not run them; a word after -c is the script, instead of the RUN.
    if (LONG.test(word)) continue;
    if (!LETTERS.test(word)) return undefined;
    takesText ||= word.includes('c');
    if (word.includes('e')) set.add('errexit');
    for (let names = word.replace(/[^oO]/g, '').length; names > 0; names -= 1) {
      at += 1;
      if (!NAME.test(words[at] ?? '')) return undefined;
      set.add(words[at] ?? '');
    }
  }
  return takesText ? set : undefined;
}

/** What `SHELL ["/bin/bash", "-eo", "pipefail", "-c"]` means for later RUNs. */
export function shellOf(argv: readonly string[]): RunShell {
  const [path = '', ...words] = argv;
  const program = programOf([constantField(path)]).toLowerCase();
  const options = optionsOf(words);
  const shell = {
    program,
    errexit: options?.has('errexit') === true,
    pipefail: options?.has('pipefail') === true,
    argv,
  };
  if (!SHELLS.has(program))
    return { ...shell, unread: `RUN goes through ${program}, no POSIX shell` };
  if (options !== undefined && FOLDER.test(path)) return shell;
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

/** A RUN as one command of a shell we do not parse; undefined for exec form or other shells. */
export function unparsedScript(
  line: LogicalLine,
  offset: number,
  { argv, program }: RunShell,
): RunScript | undefined {
  const isShellForm = execStrings(line.text.slice(offset).trim()) === undefined;
  return !SHELLS.has(program) && isShellForm
    ? execScript(
        [...argv, line.full.slice(offset)].map((word) => plainWord(word, word, 0)),
        line,
      )
    : undefined;
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
  if (argv !== undefined)
    return ok({ ...execScript(execWords(argv, line, offset), line), isJson: true });
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

const FUNCTION = /^[ \t]*(?:function[ \t]+([\w:.-]+)|([\w:.-]+)[ \t]*\([ \t]*\))/gm;
/** A script that is not part of a Dockerfile has no place in one. */
const NOWHERE = { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 };

/** A word as far as known. A script's arguments are not: without any they expand to nothing. */
export function fieldOf({ text, value }: Pick<ShellWord, 'text' | 'value'>): Field {
  const isOpen = value === undefined || (value === '' && text.includes('$'));
  return { text: isOpen ? text : value, constant: !isOpen, sources: [] };
}

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
  return startedIn(commands).flatMap(({ argv, wrappers, isScript, at }) =>
    isScript
      ? []
      : [
          {
            program: programOf(argv),
            words: argv.slice(1).map(({ text }) => text),
            wrappers,
            at,
          },
        ],
  );
}

/** All that commands start, in order. `isScript`: its commands are among the others. */
function startedIn(commands: readonly ShellCommand[]) {
  return commands.flatMap(({ words, depth = 0 }, at) => {
    const own = unwrap(words.map(fieldOf));
    const isRead = (commands[at + 1]?.depth ?? 0) > depth;
    return [own, ...own.started].map(({ argv, wrappers, script }) => ({
      argv,
      wrappers,
      isScript: script !== undefined && isRead,
      isHidden: script !== undefined && !isRead,
      at,
    }));
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
  const functions = [...text.matchAll(FUNCTION)].map(([, word, name]) => word ?? name ?? '');
  if (!tree.ok) return { commands: [], functions: new Set(functions), unread: tree.error.message };
  return commandsIn({ tree: tree.value, text, rangeOf: () => NOWHERE }, functions);
}

export function execCommands(words: readonly string[]): ScriptCommands {
  const own = words.map((word) => plainWord(word, JSON.stringify(word), 0));
  return commandsIn({ tree: execTree(own, 0), text: '', rangeOf: () => NOWHERE, isJson: true }, []);
}

function commandsIn(script: Script, functions: readonly string[]): ScriptCommands {
  const started = startedIn(flatCommands(script, () => undefined));
  return {
    commands: started.flatMap(({ argv, wrappers, isScript }) =>
      isScript && wrappers.length === 0
        ? []
        : [{ words: isScript ? [] : argv.map(({ text }) => text), wrappers }],
    ),
    functions: new Set(functions),
    ...(started.some(({ isHidden }) => isHidden)
      ? { unread: 'a script in its words could not be read' }
      : {}),
  };
}
