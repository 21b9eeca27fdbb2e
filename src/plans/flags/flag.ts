import { REPORT_FORMATS, type ReportFormat, type ReportRequest } from '../../model/report.ts';
import { err, ok, type Result } from '../../model/result.ts';
import { parseReportRequests } from '../report-request.ts';
import { type FlagSpec, parseGoBool } from './flag-spec.ts';

/** A flag of our commands: what help, completion and docs show, and what its values become. */
export interface Flag<T> extends Omit<FlagSpec, 'name'> {
  /**
   * Reads the values in the order they were given; those of a `bool` are `true` and `false`. An
   * error is the whole message for the user.
   */
  readonly read: (given: readonly string[], name: string) => Result<T>;
}

/** The flags of a command by their long names, in the order that help shows. */
export type FlagTable = Readonly<Record<string, Flag<unknown>>>;

type Camel<S extends string> = S extends `${infer A}-${infer B}`
  ? `${A}${Capitalize<Camel<B>>}`
  : S;

/** What the flags of a table come to: `--min-level` is `minLevel`. */
export type FlagValues<F extends FlagTable> = {
  readonly [K in keyof F & string as Camel<K>]: F[K] extends Flag<infer T> ? T : never;
};

type More = Partial<Omit<FlagSpec, 'name' | 'kind' | 'help' | 'value'>>;

/** `FlagSpec.ofOneRun`. */
export const ONE_RUN = { ofOneRun: true } as const;

/** On where it is given, else off. */
export function bool(help: string, more: More = {}): Flag<boolean> {
  return {
    kind: 'bool',
    help,
    ...more,
    read: (given) => ok(parseGoBool(given.at(-1) ?? '') ?? false),
  };
}

/** On or off where it is given; where it is not, something else decides. */
export function toggle(help: string, more: More = {}): Flag<boolean | undefined> {
  const read = (given: readonly string[]): Result<boolean | undefined> =>
    ok(parseGoBool(given.at(-1) ?? ''));
  return { kind: 'bool', help, ...more, read };
}

/** One value; the last one counts. `check` gives what is wrong with it. */
export function text(
  value: string,
  help: string,
  more: More = {},
  check: (text: string, name: string) => string | undefined = () => undefined,
): Flag<string | undefined> {
  return {
    kind: 'string',
    value,
    help,
    ...more,
    read: (given, name) => {
      const wrong = given.map((one) => check(one, name)).find((message) => message !== undefined);
      return wrong === undefined ? ok(given.at(-1)) : err(wrong);
    },
  };
}

/** A value each time it is given. */
export function many(
  value: string,
  help: string,
  more: More = {},
  check?: (text: string, name: string) => string | undefined,
): Flag<readonly string[]> {
  const one = text(value, help, more, check);
  return {
    ...one,
    kind: 'array',
    read: (given, name) => {
      const last = one.read(given, name);
      return last.ok ? ok(given) : last;
    },
  };
}

/** The same, each time a list that commas divide. */
export function slice(value: string, help: string, more: More = {}): Flag<readonly string[]> {
  return { ...many(value, help, more), kind: 'slice' };
}

/** One of few values. */
export function choice<C extends string>(
  choices: readonly C[],
  value: string,
  help: string,
  more: More = {},
): Flag<C | undefined> {
  const check = (given: string, name: string): string | undefined =>
    choices.some((one) => one === given)
      ? undefined
      : `invalid value ${JSON.stringify(given)} for --${name}; use one of ${choices.join(', ')}`;
  return text(value, help, { ...more, choices }, check) as Flag<C | undefined>;
}

/** A whole number of so many digits, within bounds. */
export function whole(
  value: string,
  help: string,
  {
    least = 0,
    most,
    of = '',
  }: { readonly least?: number; readonly most: number; readonly of?: string },
  more: More = {},
): Flag<number | undefined> {
  const check = (given: string, name: string): string | undefined =>
    /^\d{1,9}$/.test(given) && Number(given) >= least && Number(given) <= most
      ? undefined
      : `--${name} takes a whole number ${of}from ${least} to ${most}, not ${JSON.stringify(given)}`;
  const one = text(value, help, more, check);
  return {
    ...one,
    read: (given, name) => {
      const last = one.read(given, name);
      if (!last.ok) return last;
      return ok(last.value === undefined ? undefined : Number(last.value));
    },
  };
}

/** `--report FORMAT[=FILE]`, of the formats that the command has. */
export function reports<F extends ReportFormat = ReportFormat>(
  formats: readonly F[] = REPORT_FORMATS as readonly ReportFormat[] as readonly F[],
): Flag<readonly ReportRequest<F>[]> {
  return {
    kind: 'array',
    value: 'FORMAT[=FILE]',
    choices: formats,
    help: 'Write a report; may be repeated',
    read: (given) => parseReportRequests(given, formats),
  };
}

/** The same with what counts where it is not given. */
export function standard<T>(flag: Flag<T>, fallback: string): Flag<Exclude<T, undefined>> {
  const read = (given: readonly string[], name: string): Result<Exclude<T, undefined>> =>
    flag.read(given.length === 0 ? [fallback] : given, name) as Result<Exclude<T, undefined>>;
  return { ...flag, standard: fallback, read };
}

/** Reads what was given of each flag of a table. */
export function readTable<F extends FlagTable>(
  table: F,
  given: (name: string) => readonly string[],
): Result<FlagValues<F>> {
  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(table)) {
    const texts = given(name);
    if (flag.kind !== 'bool' && texts.includes('')) return err(`--${name} needs a value`);
    const read = flag.read(texts, name);
    if (!read.ok) return read;
    values[camelCase(name)] = read.value;
  }
  return ok(values as FlagValues<F>);
}

/** The name of a flag's value in `FlagValues`. */
export function camelCase(name: string): string {
  return name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** The flags of a table with their names. */
export function specsOf(table: FlagTable): readonly FlagSpec[] {
  return Object.entries(table).map(([name, flag]) => ({ ...flag, name }));
}
