import {
  bool,
  choice,
  type CommandSpec,
  exits,
  type FlagValues,
  many,
  text,
} from '../cli/flag-table.ts';
import { JSON_FLAG, usageLine } from '../cli/flags.ts';
import { UserError } from '../lib/errors.ts';
import { CI_SYSTEMS } from '../model/template.ts';

export const INIT = {
  name: 'init',
  usage: ['init [flags] [FOLDER]'],
  about: `
Writes a hardened Dockerfile, .dockerignore, .scoville.yaml and a seccomp profile for the project in FOLDER
(default: this one), from the template of its stack. The stack and what can be known are read from the project's
files; the rest is asked in a terminal, and given by flags elsewhere. Nothing that is there is overwritten without
--force; all files are written, or none.`,
  examples: [
    ['scoville init', 'write the files, and ask what is not clear'],
    ['scoville init --list', 'list the stacks and what each asks'],
    ["scoville init --yes --set authors='Jane <jane@example.com>'", 'ask nothing'],
    ['scoville init --dry-run', 'print the files and write nothing'],
  ],
  exits: exits({ 0: 'written', 2: 'not written; no file was changed', 130: 'canceled' }),
  flags: {
    stack: text('NAME', 'The stack, where the project is not clear: --list names them'),
    set: many(
      'NAME=VALUE',
      'The answer to a question, or base.ROLE=IMAGE for another base image; may be repeated',
    ),
    yes: bool('Ask nothing: take defaults, those that declare something too', { short: 'y' }),
    ci: choice(CI_SYSTEMS, 'SYSTEM', 'Also a workflow that builds, signs keylessly and gates'),
    force: bool('Replace files that are there'),
    'dry-run': bool('Print what would be written; write nothing'),
    offline: bool('Ask no registry for digests of base images'),
    list: bool('List the stacks and what each asks'),
    json: JSON_FLAG,
  },
  end: 'Every stack: docs/templates.md',
  operands: { most: 1, error: 'takes one folder', folders: true },
} satisfies CommandSpec;

export type InitFlags = ReturnType<typeof initFlags>;

/** The flags as the command takes them. Throws UserError for an answer without a name. */
export function initFlags(
  values: FlagValues<typeof INIT.flags>,
  [folder = '.']: readonly string[],
) {
  const pairs = values.set.map(pairOf);
  return {
    ...values,
    folder,
    given: new Map(pairs.filter(([name]) => !name.startsWith('base.'))),
    bases: new Map(
      pairs.flatMap(([name, value]): [string, string][] =>
        name.startsWith('base.') ? [[name.slice('base.'.length), value]] : [],
      ),
    ),
  };
}

function pairOf(text: string): readonly [string, string] {
  const equals = text.indexOf('=');
  if (equals <= 0)
    throw new UserError(`--set takes NAME=VALUE, not ${JSON.stringify(text)}`, {
      nextStep: usageLine(INIT),
    });
  return [text.slice(0, equals), text.slice(equals + 1)];
}
