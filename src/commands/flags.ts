import { parseArgs, type ParseArgsConfig } from 'node:util';
import { didYouMean } from '../config/did-you-mean.ts';
import { messageOf, UserError } from '../model/errors.ts';
import { cleanLines } from '../ui/clean.ts';
import { usageLine } from './help.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** Reads a small command's flags strictly; a wrong one is a UserError with the command's usage line as next step. */
export function readFlags<O extends Options>(
  command: string,
  args: readonly string[],
  options: O,
): ReturnType<
  typeof parseArgs<{ args: string[]; options: O; allowPositionals: true; strict: true }>
> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (cause) {
    const [, unknown] = /^Unknown option '(-[^']*)'/.exec(messageOf(cause)) ?? [];
    if (unknown !== undefined) throw unknownFlag(command, unknown, Object.keys(options), cause);
    throw new UserError(messageOf(cause), { nextStep: usageLine(command), cause });
  }
}

function unknownFlag(
  command: string,
  flag: string,
  known: readonly string[],
  cause: unknown,
): UserError {
  const near = didYouMean(flag.replace(/^-+/, ''), known);
  const meant = near === undefined ? '' : `; did you mean --${near}?`;
  return new UserError(`${command} has no flag ${flag}${meant}`, {
    nextStep: `scoville ${command} --help`,
    cause,
  });
}

/** What is wrong with the words of a command that takes those of build, told as its own. */
export function buildWordsError(command: string, message: string): UserError {
  const text = message.includes('requires exactly 1 argument')
    ? `${command} takes one context`
    : cleanLines(message.trimEnd());
  return new UserError(text, { nextStep: usageLine(command) });
}

/** A flag's whole number, within bounds. */
export function wholeNumber(name: string, text: string, most: number, least = 0): number {
  const value = Number(text);
  if (!/^\d{1,9}$/.test(text) || value < least || value > most)
    throw new UserError(
      `--${name} takes a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`,
    );
  return value;
}
