import { posix } from 'node:path';
import { execStrings, type Instruction } from '../model/dockerfile.ts';
import type { FixInput, FixPlan, FixRule } from '../model/fix.ts';
import { startedAt } from '../programs/options.ts';
import {
  baseOfImage,
  type Doubt,
  hasInnerComment,
  inImage,
  isExecForm,
  lastInImage,
  NOTHING,
  outsideBase,
  type Placed,
  proposed,
  refusedAt,
  riskOf,
  together,
} from './edit-text.ts';
import { type CheckedRule, instructionsOf, type RuleFinding } from './lint-rule.ts';
import { notCompiled } from './no-shell.ts';
import { bareCheck, execWords, fromWorkFolder } from './runtime-command.ts';
import { handsOn, originOf } from './started-programs.ts';

/** `exec` in shell form: it needs a shell, but the program gets signals, so it is deliberate. */
const HANDS_OVER = /^exec\s/;

function shellForm({ keyword, range, rawArguments }: Instruction): readonly RuleFinding[] {
  if (rawArguments === '' || execStrings(rawArguments) !== undefined) return [];
  if (HANDS_OVER.test(rawArguments)) return [];
  const message = rawArguments.startsWith('[')
    ? `${keyword} is not a JSON array of strings (double quotes), so a shell runs it as it is`
    : `${keyword} in shell form: the program is not process 1, gets no signals, and the image needs a shell`;
  return [{ range, message }];
}

export const shellFormEntrypoint: CheckedRule = {
  id: 'shell-form-entrypoint',
  title: 'Entry points in exec form',
  level: 'warning',
  help:
    'The last ENTRYPOINT and CMD of the built stage. In shell form `sh -c` is process 1: ' +
    '`docker stop` waits ten seconds and kills, and the image cannot do without a shell. A ' +
    'stage that sets SHELL does it on purpose, and so does `exec program`: neither is ' +
    'reported.',
  remedy: 'Write a JSON array: CMD ["node", "server.js"]',
  bad: 'FROM alpine:3.22\nCMD node server.js\n',
  good: 'FROM alpine:3.22\nCMD ["node", "server.js"]\n',
  check: ({ finalStages }) => {
    if (instructionsOf(finalStages, 'SHELL').length > 0) return [];
    return ['ENTRYPOINT', 'CMD'].flatMap((keyword) => {
      const last = instructionsOf(finalStages, keyword).at(-1);
      return last === undefined ? [] : shellForm(last);
    });
  },
};

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

/** Why a file starts only through a shell; undefined where it is shown to start directly. */
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
function execDoubts(
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

/** Offset in an instruction's text at which the command begins; undefined where there is none. */
function commandAt(keyword: string, text: string, argumentsAt: number): number | undefined {
  if (keyword !== 'HEALTHCHECK') return argumentsAt;
  const cmd = /^CMD\s+/i.exec(text.slice(argumentsAt));
  return cmd === null ? undefined : argumentsAt + cmd[0].length;
}

function judge(input: FixInput, keyword: string): FixPlan {
  const last = lastInImage(input, keyword);
  if (last === undefined) return NOTHING;
  const { text, argumentsAt } = last;
  const at = commandAt(keyword, text, argumentsAt);
  const command = at === undefined ? '' : text.slice(at).trim();
  if (at === undefined || command === '' || execStrings(command) !== undefined) return NOTHING;
  const refused = (reason: string): FixPlan =>
    refusedAt(last, `${keyword} stays in shell form: ${reason}`);
  if (/^\[\s*["']/.test(command))
    return refused('it looks like a JSON array and is none, as strings need double quotes');
  if (keyword === 'ENTRYPOINT' && lastInImage(input, 'CMD') !== undefined)
    return refused('in exec form it would get CMD as arguments, which the shell form ignores');
  if (hasInnerComment(input, last)) return refused('comments stand between its lines');
  const said = keyword === 'HEALTHCHECK' ? bareCheck(command) : command;
  const found = execWords(said);
  if (!found.ok) return refused(found.error);
  const { obstacle, doubts } = execDoubts(input, last, found.value);
  if (obstacle !== undefined) return refused(obstacle);
  const array = `[${found.value.map((word) => JSON.stringify(word)).join(', ')}]`;
  return proposed(last, {
    key: keyword.toLowerCase(),
    title: `Write ${keyword} as ${array.length > 60 ? 'a JSON array' : array}`,
    why:
      keyword === 'HEALTHCHECK'
        ? 'The shell form needs a shell in the image'
        : 'In shell form sh is process 1: the program gets no signals, and the image cannot do without a shell',
    ...riskOf(
      {
        risk: 'low',
        reason:
          keyword === 'ENTRYPOINT'
            ? 'the program gets the same words, and those that are given when a container starts, which the shell form leaves out'
            : 'same arguments, without a shell in between',
      },
      doubts,
    ),
    edits: [{ ...last.place(at, at + command.length), text: array }],
  });
}

export const execForm: FixRule = {
  id: 'exec-form',
  criterion: 'no-shell',
  lint: 'shell-form-entrypoint',
  needs: ['bases'],
  plan: (input) =>
    inImage(input).some(({ keyword }) => keyword === 'SHELL')
      ? NOTHING
      : together(['ENTRYPOINT', 'CMD', 'HEALTHCHECK'].map((keyword) => judge(input, keyword))),
};
