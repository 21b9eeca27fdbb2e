import type { DockerfileSource } from '../../model/dockerfile-source.ts';
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

/** Adds `&& command` to the end of a RUN, on a line of its own where the RUN has several, in the way that they are written. */
export function andThen(source: DockerfileSource, run: Placed, command: string): TextEdit {
  const { text, eol, escape } = source;
  const at = run.textEnd;
  const lines = text
    .slice(run.start, at)
    .split('\n')
    .map((line) => line.replace(/\r$/, ''));
  const last = lines.at(-1) ?? '';
  if (lines.length === 1) return { start: at, end: at, text: ` && ${command}` };
  const trailing = lines.slice(0, -1).some((line) => /&&\s*[\\`]\s*$/.test(line));
  const indent = /^\s*/.exec(last)?.[0] ?? '';
  const before = trailing ? ` && ${escape}` : ` ${escape}`;
  return {
    start: at,
    end: at,
    text: `${before}${eol}${indent === '' ? '    ' : indent}${trailing ? '' : '&& '}${command}`,
  };
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

/** True where a cache or a tmpfs is mounted over this folder. */
export function isMountedOver({ instruction }: Placed, folder: RegExp): boolean {
  return instruction.flags.some(
    ({ name, value }) =>
      name === 'mount' &&
      /(?:^|,)type=(?:cache|tmpfs)(?:,|$)/.test(value) &&
      value.split(',').some((option) => {
        const path = /^(?:target|dst|destination)=(.*)$/.exec(option)?.[1];
        return path !== undefined && folder.test(path.replace(/\/+$/, ''));
      }),
  );
}

/** True where a RUN shows this text, here-documents included. */
export function showsText({ instruction }: Placed, text: RegExp): boolean {
  return (
    text.test(instruction.rawArguments) ||
    instruction.heredocs.some(({ content }) => text.test(content))
  );
}
