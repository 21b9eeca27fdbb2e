import { posix } from 'node:path';
import type { FixInput } from '../../model/fix-rule.ts';
import { startedAt } from '../../programs/options.ts';
import { notCompiled } from '../no-shell/runtime-program.ts';
import { handsOn } from '../shared/edit/program/entry-points.ts';
import { originOf } from '../shared/edit/program/origin.ts';
import type { Doubt } from '../shared/edit/proposal.ts';
import { fromWorkFolder } from '../shared/edit/runtime-command.ts';
import {
  baseOfImage,
  isExecForm,
  lastInImage,
  outsideBase,
  type Placed,
} from '../shared/edit/stage-view.ts';

/** Places of a script where it reads an argument of its own. */
const READS_ARGUMENT = /\$(?:[1-9#*]|\{[1-9#*])|\b(?:shift|getopts)\b/;

/** What an entry point before CMD does with other words; undefined if it just starts them. */
function entryDoubt(input: FixInput): string | undefined {
  const own = lastInImage(input, 'ENTRYPOINT');
  if (own !== undefined)
    return isExecForm(own) ? readsWords(input, own.instruction.arguments) : undefined;
  const known = baseOfImage(input);
  if (known !== undefined) return readsWords(input, known.config.config?.Entrypoint ?? []);
  const base = outsideBase(input);
  return base && `the entry point of ${base.text}, which is not known, gets other words`;
}

function readsWords(input: FixInput, words: readonly string[]): string | undefined {
  const [program, ...rest] = words;
  if (program === undefined || handsOn(input, program)) return undefined;
  const wrapped = startedAt(posix.basename(program), rest);
  if (wrapped !== undefined) return readsWords(input, rest.slice(wrapped.at));
  const origin = originOf(input, fromWorkFolder(input, '', program));
  if (origin.kind === 'text' && !READS_ARGUMENT.test(origin.text)) return undefined;
  return `the entry point ${program} gets other arguments: the program instead of /bin/sh`;
}

/** Why a file starts by a shell alone; undefined where it is shown to start by itself. */
function fileDoubt(
  input: FixInput,
  program: string,
): { reason: string; isCertain: boolean } | undefined {
  if (!program.includes('/')) return undefined;
  const path = fromWorkFolder(input, lastFolder(input), program);
  const origin = originOf(input, path);
  if (origin.kind === 'text') {
    if (/^(?:#!|\u007fELF)/.test(origin.text)) return undefined;
    return {
      reason: `${program} has no #! line, so that it starts by a shell alone`,
      isCertain: true,
    };
  }
  if (origin.kind === 'unsaid' && /^\/(?:usr\/)?(?:local\/)?s?bin\//.test(path)) return undefined;
  if (notCompiled(path, input) === undefined) return undefined;
  return {
    reason: `${program} could not be read: where it has no #! line, it starts by a shell alone`,
    isCertain: false,
  };
}

function lastFolder(input: FixInput): string {
  return (
    input.source.instructions.findLast(({ stage }) => stage === input.model.target)?.folder ?? ''
  );
}

/** Bases of Windows by name, and files that are written for it. */
function isWindows(input: FixInput): boolean {
  return (
    input.source.escape !== '\\' ||
    /windows|nanoserver|servercore/i.test(outsideBase(input)?.text ?? '') ||
    baseOfImage(input)?.config.os === 'windows'
  );
}

/** Why a command needs its shell, and what may be other without it. */
export function execDoubts(
  input: FixInput,
  { keyword }: Placed,
  [program = '']: readonly string[],
): { readonly obstacle?: string; readonly doubts: readonly Doubt[] } {
  if (isWindows(input)) return { obstacle: 'the image is one of Windows', doubts: [] };
  const file = fileDoubt(input, program);
  if (file?.isCertain === true) return { obstacle: file.reason, doubts: [] };
  const entry = keyword === 'CMD' ? entryDoubt(input) : undefined;
  const reasons = [entry, file?.reason].flatMap((reason) => reason ?? []);
  return { doubts: reasons.map((reason) => ({ risk: 'medium', reason })) };
}
