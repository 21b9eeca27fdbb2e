import type { DockerfileSource, SourceCommand } from '../../model/dockerfile-source.ts';
import type { TextEdit } from '../../model/planned-edit.ts';
import { lineEnd } from './proposal.ts';
import { isExecForm, type Placed } from './stage-view.ts';

/** Why nothing can be added to the end of a RUN's shell; undefined where it can. */
export function endObstacle(run: Placed): string | undefined {
  if (isExecForm(run)) return 'it is in exec form';
  if (run.instruction.shellError !== undefined) return run.instruction.shellError;
  if (run.instruction.heredocs.length > 0) return 'its script stands in a here-document';
  const last = run.commands.at(-1);
  if (last === undefined) return 'it runs no command that is read';
  if (/(?:^|\s)#/.test(run.text)) return 'it may hold a comment of the shell';
  if (/(?:&|;|\\)\s*$/.test(run.text)) return 'its last command has no plain end';
  return undefined;
}

/** What joins two commands of a RUN by `&&`: on one line, or on two in the way that the RUN is written. */
export function joinedBy({ text, eol, escape }: DockerfileSource, run: Placed): string {
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

/** Adds `&& command` to the end of a RUN. */
export function andThen(source: DockerfileSource, run: Placed, command: string): TextEdit {
  const at = run.textEnd;
  return { start: at, end: at, text: joinedBy(source, run) + command };
}

/** Adds `&& command` behind a command of a RUN. */
export function behindCommand(
  source: DockerfileSource,
  run: Placed,
  { end }: SourceCommand,
  command: string,
): TextEdit {
  const inScript = end > run.textEnd;
  return { start: end, end, text: (inScript ? ' && ' : joinedBy(source, run)) + command };
}

/** True where a failure of a command, or of one that `&&` puts behind it, ends the RUN. */
export function stopsOnFailure(run: Placed, { start, command }: SourceCommand): boolean {
  const setsErrexit = run.commands.some(
    ({ start: at, words }) =>
      at < start &&
      words[0]?.value === 'set' &&
      words.slice(1).some(({ value }) => /^-[A-Za-z]*e/.test(value ?? '')),
  );
  const behind = run.commands.slice(run.commands.findIndex((one) => one.start === start));
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

/** Everything from the end of the shell to the end of its line, which must be blank for text to be added there. */
export function restOfLine(source: DockerfileSource, run: Placed): string {
  return source.text.slice(run.textEnd, lineEnd(source.text, run.textEnd));
}
