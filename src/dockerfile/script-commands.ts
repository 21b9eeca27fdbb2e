import type { ShellWord } from '../model/dockerfile.ts';
import { flatCommands } from './flat-commands.ts';
import { constantField, type Field } from './shell/fields.ts';
import { parseShell } from './shell/parse-shell.ts';
import { unwrap, type Unwrapped } from './shell/wrappers.ts';

/** A command of a shell script. */
interface ScriptCommand {
  /** Its words without those that only start it (`exec`, `sudo -u x`); as is if not constant. */
  readonly words: readonly string[];
  /** Names of the programs that were taken off. */
  readonly wrappers: readonly string[];
}

/** The commands of a shell script, those of scripts inside it (`sh -c`) among them. */
export interface ScriptCommands {
  readonly commands: readonly ScriptCommand[];
  /** Names of its functions, which are commands too. */
  readonly functions: ReadonlySet<string>;
  /** Why not all of them are known. */
  readonly unread?: string;
}

/** Scripts in scripts that are read. */
const MOST_DEPTH = 8;
const FUNCTION = /^[ \t]*(?:function[ \t]+([\w:.-]+)|([\w:.-]+)[ \t]*\([ \t]*\))/gm;
/** Nothing of a script that is read by itself has a place in a Dockerfile. */
const NOWHERE = { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 };

/** A word as far as known. A script's arguments are not: without any they expand to nothing. */
export function fieldOf({ text, value }: Pick<ShellWord, 'text' | 'value'>): Field {
  const isOpen = value === undefined || (value === '' && text.includes('$'));
  return { text: isOpen ? text : value, constant: !isOpen, sources: [] };
}

/** The commands of a shell script in written order; functions are read, not followed. */
export function scriptCommands(text: string): ScriptCommands {
  const found: Found = { commands: [], unread: undefined };
  readScript(text, found, 0);
  const functions = [...text.matchAll(FUNCTION)].map(([, word, name]) => word ?? name ?? '');
  const { commands, unread } = found;
  return { commands, functions: new Set(functions), ...(unread === undefined ? {} : { unread }) };
}

/** The commands that words in exec form come to. */
export function execCommands(words: readonly string[]): ScriptCommands {
  const found: Found = { commands: [], unread: undefined };
  add(words.map(constantField), found, 0);
  const { commands, unread } = found;
  return { commands, functions: new Set(), ...(unread === undefined ? {} : { unread }) };
}

interface Found {
  readonly commands: ScriptCommand[];
  unread: string | undefined;
}

function readScript(text: string, found: Found, depth: number): void {
  const list = parseShell(text.replaceAll('\r\n', '\n'));
  if (!list.ok) {
    found.unread ??= list.error.message;
    return;
  }
  const script = {
    list: list.value,
    text,
    rangeOf: () => NOWHERE,
  };
  for (const { words } of flatCommands(script, () => undefined))
    add(words.map(fieldOf), found, depth);
}

function add(argv: readonly Field[], found: Found, depth: number): void {
  if (depth > MOST_DEPTH) {
    found.unread ??= 'scripts are nested too deeply';
    return;
  }
  follow(unwrap(argv), found, depth);
}

function follow(one: Unwrapped, found: Found, depth: number): void {
  const { argv, wrappers, script } = one;
  // What is put into a script leaves its commands where they are.
  if (script !== undefined)
    readScript(script.text.text.replace(/^"(.*)"$/s, '$1'), found, depth + 1);
  if (script === undefined || wrappers.length > 0)
    found.commands.push({
      words: script === undefined ? argv.map(({ text }) => text) : [],
      wrappers,
    });
  for (const inner of one.started) follow(inner, found, depth + 1);
}
