import type {
  DockerfileSource,
  SourceCommand,
  SourceWord,
} from '../../../model/dockerfile-source.ts';
import type { TextEdit } from '../../../model/planned-edit.ts';
import { unquoted } from '../../../model/shell-word.ts';
import type { FoundCommand } from './command-at.ts';
import { isExecForm, type Placed } from './stage-view.ts';

/** Why nothing can be added to the end of a RUN's shell; undefined where it can. */
export function endObstacle(run: Placed): string | undefined {
  const { instruction, commands, scriptEnd } = run;
  if (instruction.shellError !== undefined) return instruction.shellError;
  if (scriptEnd === undefined)
    return isExecForm(run) ? 'it is in exec form' : 'its last command has no plain end';
  const last = commands.findLast(({ command }) => !command.nested);
  return last && endsShell(last);
}

/** Why nothing behind a command runs; undefined where it does. */
export function endsShell({ argv, wrappers }: SourceCommand): string | undefined {
  const [program = ''] = [...wrappers, ...argv];
  return /^(?:exit|exec|return)$/.test(program) ? `nothing runs after ${program}` : undefined;
}

/** The `&&` between two commands of a RUN: on one line, or on two in the style of the RUN. */
export function joinedBy({ text, eol, escape }: DockerfileSource, run: Placed): string {
  if (isExecForm(run)) return ' && ';
  const lines = text
    .slice(run.start, run.textEnd)
    .split('\n')
    .map((line) => line.replace(/\r$/, ''));
  if (lines.length === 1) return ' && ';
  const trailing = lines.slice(0, -1).some((line) => /&&\s*[\\`]\s*$/.test(line));
  const own = /^\s*/.exec(lines.at(-1) ?? '')?.[0] ?? '';
  const indent = own === '' ? '    ' : own;
  return trailing ? ` && ${escape}${eol}${indent}` : ` ${escape}${eol}${indent}&& `;
}

/** Adds `&& command` behind a command of a RUN, or behind its last. */
export function andThen(
  source: DockerfileSource,
  run: Placed,
  command: string,
  at = run.scriptEnd ?? run.textEnd,
): TextEdit {
  const inDocument = at > run.textEnd;
  return { start: at, end: at, text: (inDocument ? ' && ' : joinedBy(source, run)) + command };
}

/** True where the words of a command are strings of a JSON array. */
function isJson({ run, command: { command } }: FoundCommand): boolean {
  return isExecForm(run) && command.depth === undefined;
}

/** Adds a word behind one of a command. */
export function wordBehind(found: FoundCommand, { end }: SourceWord, word: string): TextEdit {
  return { start: end, end, text: isJson(found) ? `, ${JSON.stringify(word)}` : ` ${word}` };
}

/** True where a failure of a command, or of one that `&&` puts behind it, ends the RUN. */
export function stopsOnFailure(run: Placed, { start, command }: SourceCommand): boolean {
  const own = run.commands.filter(({ command: { depth } }) => depth === undefined);
  const setsErrexit = own.some(
    ({ start: at, words }) =>
      at < start &&
      words[0]?.value === 'set' &&
      words.slice(1).some(({ value }) => /^-[A-Za-z]*e/.test(value ?? '')),
  );
  const behind = own.slice(own.findIndex((one) => one.start === start));
  if (behind.some(({ command: { operator } }) => operator === '||')) return false;
  const isLast = behind.length === 1;
  return command.operator === '&&' || (command.operator === '' && isLast) || setsErrexit
    ? behind.every(
        ({ command: { operator }, start: at }) => operator !== ';' || setsErrexit || at < start,
      )
    : false;
}

/** Puts a flag in front of the arguments of an instruction. */
export function addFlag(run: Pick<Placed, 'place' | 'argumentsAt'>, flag: string): TextEdit {
  const { start } = run.place(run.argumentsAt, run.argumentsAt + 1);
  return { start, end: start, text: `${flag} ` };
}

/** A double-quoted value for LABEL and ENV: quotes, `$` and the escape character are literal. */
export function quoted(value: string, escape: string): string {
  const bare = unquoted(value);
  const special = new Set(['"', '$', escape]);
  return `"${Array.from(bare, (c) => (special.has(c) ? `${escape}${c}` : c)).join('')}"`;
}
