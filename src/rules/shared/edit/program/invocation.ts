import { execStrings } from '../../../../model/dockerfile.ts';
import type { FixInput } from '../../../../model/fix-rule.ts';
import { baseOfImage, isExecForm, lastInImage, type Placed } from '../stage-view.ts';

/** What a container of the image starts, as the image's configuration has it. */
export interface Invocation {
  /** Words, or the text that a shell is given. */
  readonly entry: { readonly words: readonly string[] } | { readonly script: string };
  /** What the entry point gets as arguments. */
  readonly args: readonly string[];
  /** The instruction that names the program: `ENTRYPOINT`, `CMD`, or that of the base. */
  readonly by: string;
}

const SHELL = ['/bin/sh', '-c'];

/** The words of an ENTRYPOINT or CMD; one in shell form is a text. */
function formOf(one: Placed): Invocation['entry'] {
  return isExecForm(one)
    ? { words: one.instruction.arguments }
    : { script: one.instruction.rawArguments };
}

function wordsOf(entry: Invocation['entry']): readonly string[] {
  return 'words' in entry ? entry.words : [...SHELL, entry.script];
}

/** What the image starts by default; undefined if it and its base, where known, name nothing. */
export function invocation(input: FixInput): Invocation | undefined {
  const base = baseOfImage(input)?.config.config;
  const ownEntry = lastInImage(input, 'ENTRYPOINT');
  const ownCmd = lastInImage(input, 'CMD');
  const cmd =
    ownCmd === undefined
      ? // An ENTRYPOINT of its own takes the base's CMD away.
        ownEntry === undefined
        ? base?.Cmd
        : []
      : wordsOf(formOf(ownCmd));
  const args = cmd ?? [];
  const entry = ownEntry === undefined ? { words: base?.Entrypoint ?? [] } : formOf(ownEntry);
  // The shell form leaves CMD out.
  if ('script' in entry) return { entry, args: [], by: 'ENTRYPOINT' };
  if (entry.words.length > 0)
    return {
      entry,
      args,
      by: ownEntry === undefined ? 'the ENTRYPOINT of the base' : 'ENTRYPOINT',
    };
  if (args.length === 0) return undefined;
  const by = ownCmd === undefined ? 'the CMD of the base' : 'CMD';
  return { entry: ownCmd === undefined ? { words: args } : formOf(ownCmd), args: [], by };
}

/** The command of the image's health check; undefined where it has none of its own. */
export function healthCheck(input: FixInput): Invocation | undefined {
  const found = lastInImage(input, 'HEALTHCHECK');
  if (found === undefined) return undefined;
  const text = found.text.slice(found.argumentsAt).trim();
  const command = /^CMD\s+(.*)/is.exec(text)?.[1];
  if (command === undefined) return undefined;
  const words = execStrings(command);
  return {
    entry: words === undefined ? { script: command } : { words },
    args: [],
    by: 'HEALTHCHECK',
  };
}
