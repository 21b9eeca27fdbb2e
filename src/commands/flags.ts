import { parseArgs } from 'node:util';
import { didYouMean } from '../model/did-you-mean.ts';
import { EXIT, messageOf, UserError } from '../model/errors.ts';
import type { CommandSpec } from '../plans/flags/command-spec.ts';
import { type FlagTable, type FlagValues, readTable } from '../plans/flags/flag.ts';
import type { UsageProblem } from '../plans/flags/scan-arguments.ts';
import { cleanLines } from '../ui/clean.ts';
import type { Command, CommandIo } from './io.ts';
import { writeHelp } from './prose.ts';

/** A command from its table: `--help` prints its help; otherwise `run` gets values and operands. */
export function command<F extends FlagTable>(
  spec: CommandSpec<F>,
  run: (flags: FlagValues<F>, operands: readonly string[], io: CommandIo) => Promise<number>,
): Command {
  return async (args, io) => {
    if (asksHelp(args)) {
      await writeHelp(io, spec);
      return EXIT.met;
    }
    const { flags, operands } = readFlags(args, spec);
    return run(flags, operands, io);
  };
}

/** True where `--help` or `-h` stands before any `--`. */
export function asksHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end < 0 ? args : args.slice(0, end)).some((word) => word === '--help' || word === '-h');
}

/** Reads flags strictly. Throws UserError for a wrong one, with the usage as next step. */
export function readFlags<F extends FlagTable>(
  args: readonly string[],
  spec: CommandSpec<F>,
): { readonly flags: FlagValues<F>; readonly operands: readonly string[] } {
  const { values, positionals: operands } = parsed(args, spec);
  const read = readTable(spec.flags, (name) => {
    const given = values[name];
    return given === undefined ? [] : [given].flat().map(String);
  });
  if (!read.ok) throw new UserError(read.error, { nextStep: `scoville ${spec.name} --help` });
  const { least = 0, most = Infinity, error = '' } = spec.operands ?? {};
  if (operands.length < least || operands.length > most)
    throw new UserError(`${spec.name} ${error}`, { nextStep: usageLine(spec) });
  return { flags: read.value, operands };
}

function parsed(args: readonly string[], spec: CommandSpec): ReturnType<typeof parseArgs> {
  try {
    return parseArgs({
      args: [...args],
      options: optionsOf(spec.flags),
      allowPositionals: true,
      strict: true,
    });
  } catch (cause) {
    const [, unknown] = /^Unknown option '(-[^']*)'/.exec(messageOf(cause)) ?? [];
    if (unknown !== undefined) throw unknownFlag(spec, unknown, cause);
    throw new UserError(messageOf(cause), { nextStep: usageLine(spec), cause });
  }
}

/** A table as node's parseArgs reads it. */
export function optionsOf(
  flags: FlagTable,
): NonNullable<Parameters<typeof parseArgs>[0]>['options'] {
  const options = Object.entries(flags).map(([name, { kind, short }]) => [
    name,
    {
      ...(kind === 'bool' ? { type: 'boolean' } : { type: 'string', multiple: true }),
      ...(short === undefined ? {} : { short }),
    },
  ]);
  return Object.fromEntries(options) as ReturnType<typeof optionsOf>;
}

function unknownFlag({ name, flags }: CommandSpec, flag: string, cause: unknown): UserError {
  const near = didYouMean(flag.replace(/^-+/, ''), [...Object.keys(flags), 'help']);
  const meant = near === undefined ? '' : `; did you mean --${near}?`;
  return new UserError(`${name} has no flag ${flag}${meant}`, {
    nextStep: `scoville ${name} --help`,
    cause,
  });
}

/** One line of usage for a command, as its errors show it. */
export function usageLine({ usage }: CommandSpec): string {
  return `Usage: scoville ${usage.join(' | ')}`;
}

/** What is wrong with the words of a command that takes those of build, with its own name. */
export function buildWordsError(spec: CommandSpec, problem: UsageProblem): UserError {
  const text =
    problem.isArity === true
      ? `${spec.name} takes one context`
      : cleanLines(problem.message.trimEnd());
  return new UserError(text, { nextStep: usageLine(spec) });
}

/** Writes what is wrong to stderr, in buildx's words where it refuses; returns the exit code. */
export function saidWrong(
  error: { readonly message: string; readonly exitCode: number },
  io: CommandIo,
): number {
  const by = error.exitCode === EXIT.failed ? 'scoville: ' : '';
  io.writeErr(`${by}${cleanLines(error.message.trimEnd())}\n`);
  return error.exitCode;
}
