import { posix } from 'node:path';
import { execStrings, type Instruction } from '../model/dockerfile.ts';
import type { FixInput, FixPlan, FixRule } from '../model/fix.ts';
import {
  baseOfImage,
  baseUnknown,
  hasInnerComment,
  inImage,
  lastInImage,
  NOTHING,
  outsideBase,
  proposed,
  refusedAt,
  riskOf,
  together,
} from './edit-text.ts';
import { type CheckedRule, instructionsOf, type RuleFinding } from './lint-rule.ts';
import { notCompiled } from './no-shell.ts';
import { checkWords, execWords, handsOn, invocation, workFolder } from './runtime-command.ts';
import { originOf } from './started-programs.ts';

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

/** What an entry point before CMD may do with other words; undefined if it just starts them. */
function entryDoubt(input: FixInput): string | undefined {
  const found = invocation(input);
  if (baseUnknown(input) !== undefined && lastInImage(input, 'ENTRYPOINT') === undefined)
    return 'the entry point of the base, which is not known, gets other words';
  if (found?.by.includes('ENTRYPOINT') !== true || !('words' in found.entry)) return undefined;
  const [program = ''] = found.entry.words;
  const origin = originOf(input, posix.resolve(workFolder(input), program));
  const isSimple = origin.kind === 'text' && !READS_ARGUMENT.test(origin.text);
  return isSimple || handsOn(input, program)
    ? undefined
    : `the entry point ${program} gets other arguments: the program instead of /bin/sh`;
}

/** Why a file may start only through a shell; undefined where it is shown to start directly. */
function needsShell(input: FixInput, [program = '']: readonly string[]): string | undefined {
  if (!program.includes('/')) return undefined;
  const path = posix.resolve(workFolder(input), program);
  const origin = originOf(input, path);
  if (origin.kind === 'text' && /^(?:#!|\u007fELF)/.test(origin.text)) return undefined;
  if (origin.kind === 'text')
    return `${program} has no #! line, so that it starts by a shell alone`;
  if (origin.kind === 'unsaid' && /^\/(?:usr\/)?(?:local\/)?s?bin\//.test(path)) return undefined;
  return notCompiled(path, input) === undefined
    ? undefined
    : `${program} could not be read: where it has no #! line, it starts by a shell alone`;
}

/** Bases of Windows by name, and files that are written for it. */
function isWindows(input: FixInput): boolean {
  return (
    input.source.escape !== '\\' ||
    /windows|nanoserver|servercore/i.test(outsideBase(input)?.text ?? '') ||
    baseOfImage(input)?.config.os === 'windows'
  );
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
  if (isWindows(input)) return refused('the image is one of Windows');
  const found = keyword === 'HEALTHCHECK' ? checkWords(command) : execWords(command);
  if (!found.ok) return refused(found.error);
  const obstacle = needsShell(input, found.value);
  if (obstacle !== undefined) return refused(obstacle);
  const doubt = keyword === 'CMD' ? entryDoubt(input) : undefined;
  const array = `[${found.value.map((word) => JSON.stringify(word)).join(', ')}]`;
  return proposed(last, {
    key: keyword.toLowerCase(),
    title: `Write ${keyword} as ${array.length > 60 ? 'a JSON array' : array}`,
    why:
      keyword === 'HEALTHCHECK'
        ? 'The shell form needs a shell in the image'
        : 'In shell form sh is process 1: the program gets no signals, and the image cannot do without a shell',
    ...riskOf(
      keyword === 'ENTRYPOINT'
        ? 'the program gets the same words, and those that are given when a container starts, which the shell form leaves out'
        : 'same arguments, without a shell in between',
      doubt === undefined ? [] : [doubt],
    ),
    edits: [{ ...last.place(at, at + command.length), text: array }],
  });
}

export const execForm: FixRule = {
  id: 'exec-form',
  title: 'Write entry points and health checks in exec form',
  criterion: 'no-shell',
  lint: 'shell-form-entrypoint',
  needs: ['bases'],
  plan: (input) =>
    inImage(input).some(({ keyword }) => keyword === 'SHELL')
      ? NOTHING
      : together(['ENTRYPOINT', 'CMD', 'HEALTHCHECK'].map((keyword) => judge(input, keyword))),
};
