import { parseArgs, type ParseArgsConfig } from 'node:util';
import { messageOf, UserError } from '../model/errors.ts';
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
    throw new UserError(messageOf(cause), { nextStep: usageLine(command), cause });
  }
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
