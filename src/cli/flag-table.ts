import { err, ok, type Result } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import type { Flagged } from '../model/events.ts';
import { REPORT_FORMATS, type ReportFormat, type ReportRequest } from '../model/report.ts';

/**
 * How a flag takes its value, in the terms of spf13/pflag, which buildx parses with. `bool` is
 * alone or `--x=false`; `string` takes one, the last wins; `array` takes one each time; `slice`
 * takes a comma-separated list each time.
 */
export type FlagKind = 'bool' | 'string' | 'array' | 'slice';

/** One flag as data: parsing, help, documentation and completion all read this. */
export interface FlagSpec {
  readonly name: string;
  readonly short?: string;
  readonly kind: FlagKind;
  readonly help: string;
  readonly value?: string;
  readonly choices?: readonly string[];
  /** First buildx known to have it; absent where 0.13.1 has it. */
  readonly since?: string;
  readonly hidden?: boolean;
  readonly experimental?: boolean;
  /** What the flag means without `=VALUE` (pflag's NoOptDefVal); any value must then be joined. */
  readonly bare?: string;
  /** What counts where it is not given, as help and docs say it. */
  readonly standard?: string;
  readonly path?: boolean;
  /** Not of the image: where it goes, and how it is shown. */
  readonly ofOneRun?: boolean;
  /** Refused without an image, where it would do nothing: always, or with one of these values. */
  readonly needsImage?: true | readonly string[];
  readonly setting?: string;
}

/** pflag's booleans (Go, strconv.ParseBool); undefined where the text is none. */
export function parseGoBool(text: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(?:0|f|F|FALSE|false|False)$/.test(text)) return false;
  return undefined;
}

export function valuesOf({ flags }: Flagged, name: string): readonly string[] {
  return flags.flatMap((flag) => (flag.name === name ? [flag.value] : []));
}

/** The value that counts of a flag that takes one; undefined where it was not given. */
export function lastValueOf(flagged: Flagged, name: string): string | undefined {
  return valuesOf(flagged, name).at(-1);
}

export function boolOf(flagged: Flagged, name: string): boolean | undefined {
  return parseGoBool(lastValueOf(flagged, name) ?? '');
}

function parseReportRequest<F extends ReportFormat>(
  value: string,
  formats: readonly F[],
): Result<ReportRequest<F>> {
  if (value === '') return err('--report needs a value');
  const [, name = '', file] = /^([^=]*)(?:=(.*))?$/s.exec(value) ?? [];
  const format = formats.find((known) => known === name);
  if (format === undefined)
    return err(
      `invalid value ${JSON.stringify(name)} for --report; use one of ${formats.join(', ')}`,
    );
  if (file === '') return err(`--report ${value} does not name a file`);
  return ok({ format, ...given({ file }) });
}

const ALL_FORMATS: readonly ReportFormat[] = REPORT_FORMATS;

/** Reads all values of `--report`. Two reports may share stdout, but not a file. */
export function parseReportRequests<F extends ReportFormat = ReportFormat>(
  values: readonly string[],
  formats: readonly F[] = ALL_FORMATS as readonly F[],
): Result<readonly ReportRequest<F>[]> {
  const requests: ReportRequest<F>[] = [];
  for (const value of values) {
    const read = parseReportRequest(value, formats);
    if (!read.ok) return read;
    const { file } = read.value;
    if (file !== undefined && requests.some((one) => one.file === file))
      return err(`--report names ${JSON.stringify(file)} twice; each report needs its own file`);
    requests.push(read.value);
  }
  return ok(requests);
}

/** A flag of our commands: what help, completion and docs show, and what its values become. */
export interface Flag<T> extends Omit<FlagSpec, 'name'> {
  /** Reads the values in order; those of a `bool` are `true` and `false`. */
  readonly read: (given: readonly string[], name: string) => Result<T>;
}

export type FlagTable = Readonly<Record<string, Flag<unknown>>>;

type Camel<S extends string> = S extends `${infer A}-${infer B}`
  ? `${A}${Capitalize<Camel<B>>}`
  : S;

/** What the flags of a table come to: `--min-level` is `minLevel`. */
export type FlagValues<F extends FlagTable> = {
  readonly [K in keyof F & string as Camel<K>]: F[K] extends Flag<infer T> ? T : never;
};

type More = Partial<Omit<FlagSpec, 'name' | 'kind' | 'help' | 'value'>>;

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
  check: Check = () => undefined,
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

type Check = (text: string, name: string) => string | undefined;

/** Where nothing but the choices is taken: `choices` alone are for help and completion. */
export function oneOf(choices: readonly string[]): Check {
  return (given, name) =>
    choices.includes(given)
      ? undefined
      : `invalid value ${JSON.stringify(given)} for --${name}; use one of ${choices.join(', ')}`;
}

/** The flag with what becomes of its value. */
export function mapped<T, U>(
  flag: Flag<T>,
  map: (value: T, given: readonly string[]) => U,
): Flag<U> {
  const read: Flag<U>['read'] = (given, name) => {
    const found = flag.read(given, name);
    return found.ok ? ok(map(found.value, given)) : found;
  };
  return { ...flag, read };
}

export function many(
  value: string,
  help: string,
  more: More = {},
  check?: Check,
): Flag<readonly string[]> {
  return { ...mapped(text(value, help, more, check), (_, given) => given), kind: 'array' };
}

/** The same, each time a list that commas divide. */
export function slice(value: string, help: string, more: More = {}): Flag<readonly string[]> {
  return { ...many(value, help, more), kind: 'slice' };
}

export function choice<C extends string>(
  choices: readonly C[],
  value: string,
  help: string,
  more: More = {},
): Flag<C | undefined> {
  return text(value, help, { ...more, choices }, oneOf(choices)) as Flag<C | undefined>;
}

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
  const last = text(value, help, more, check);
  return mapped(last, (found) => (found === undefined ? undefined : Number(found)));
}

export function reports<F extends ReportFormat = ReportFormat>(
  formats: readonly F[] = ALL_FORMATS as readonly F[],
): Flag<readonly ReportRequest<F>[]> {
  return {
    kind: 'array',
    value: 'FORMAT[=FILE]',
    choices: formats,
    help: 'Write a report; may be repeated',
    read: (given) => parseReportRequests(given, formats),
  };
}

export function standard<T>(flag: Flag<T>, fallback: string): Flag<Exclude<T, undefined>> {
  const read = (given: readonly string[], name: string): Result<Exclude<T, undefined>> =>
    flag.read(given.length === 0 ? [fallback] : given, name) as Result<Exclude<T, undefined>>;
  return { ...flag, standard: fallback, read };
}

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

export function camelCase(name: string): string {
  return name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

export function specsOf(table: FlagTable): readonly FlagSpec[] {
  return Object.entries(table).map(([name, flag]) => ({ ...flag, name }));
}

/** What is wrong with a command line, and the exit code that buildx (125, 1) or we (2) give it. */
export interface UsageProblem {
  readonly message: string;
  /** Set where there is not just one context. */
  readonly isArity?: true;
  readonly exitCode: number;
}

export type Scanned =
  | { readonly kind: 'flag'; readonly spec: FlagSpec; readonly value: string }
  /** A flag that no table names, as it was written; `bare` where a value may still follow. */
  | { readonly kind: 'unknown'; readonly text: string; readonly bare: boolean }
  | { readonly kind: 'positional'; readonly text: string; readonly behindDashes: boolean }
  | { readonly kind: 'help' };

export interface ScanTable {
  readonly long: ReadonlyMap<string, FlagSpec>;
  readonly short: ReadonlyMap<string, FlagSpec>;
  /** Flags of ours that `--no-NAME` turns off. */
  readonly negatable: ReadonlySet<string>;
}

export function flagTable(specs: readonly FlagSpec[], own: readonly FlagSpec[]): ScanTable {
  return {
    long: new Map(specs.map((spec) => [spec.name, spec])),
    short: new Map(specs.flatMap((s) => (s.short === undefined ? [] : [[s.short, s] as const]))),
    negatable: new Set(own.filter((s) => s.kind === 'bool').map((s) => s.name)),
  };
}

type Step = Result<{ readonly found: readonly Scanned[]; readonly taken: number }, UsageProblem>;

const BUILDX_USAGE_EXIT = 125;

/**
 * Splits a command line as spf13/pflag does with interspersed flags: `--x=v`, `--x v`, `-xv`,
 * `-x=v`, `-x v`, clusters of shorthands. `--` ends the flags; `-` and the empty argument are
 * positionals. Flags that no table names are kept as they were written. Errors have the texts of
 * pflag and the exit code of buildx.
 */
export function scanArguments(
  argv: readonly string[],
  table: ScanTable,
): Result<readonly Scanned[], UsageProblem> {
  const all: Scanned[] = [];
  for (let i = 0; i < argv.length;) {
    const argument = argv[i] ?? '';
    if (argument === '--') {
      for (const text of argv.slice(i + 1))
        all.push({ kind: 'positional', text, behindDashes: true });
      break;
    }
    const step = scanOne(argument, argv[i + 1], table);
    if (!step.ok) return step;
    all.push(...step.value.found);
    i += step.value.taken;
  }
  return ok(all);
}

/** The first of some words: a flag with its value, or a word. */
export function scanOne(argument: string, next: string | undefined, table: ScanTable): Step {
  if (argument.startsWith('--')) return scanLong(argument, next, table);
  if (argument.startsWith('-') && argument !== '-') return scanShort(argument, next, table);
  return one({ kind: 'positional', text: argument, behindDashes: false }, 1);
}

function scanLong(argument: string, next: string | undefined, table: ScanTable): Step {
  const body = argument.slice(2);
  if (body.startsWith('-') || body.startsWith('=')) return problem(`bad flag syntax: ${argument}`);
  const equals = body.indexOf('=');
  const name = equals < 0 ? body : body.slice(0, equals);
  const given = equals < 0 ? undefined : body.slice(equals + 1);
  const spec = table.long.get(name);
  if (spec !== undefined) return valueOf(spec, given, next, `--${name}`);
  if (name === 'help') return ok({ found: [{ kind: 'help' }], taken: 1 });
  const negated = given === undefined && name.startsWith('no-') ? name.slice(3) : '';
  const off = table.negatable.has(negated) ? table.long.get(negated) : undefined;
  if (off !== undefined) return one({ kind: 'flag', spec: off, value: 'false' }, 1);
  return one({ kind: 'unknown', text: argument, bare: given === undefined }, 1);
}

function valueOf(
  spec: FlagSpec,
  given: string | undefined,
  next: string | undefined,
  written: string,
): Step {
  if (given !== undefined) return flag(spec, given, 1);
  if (spec.kind === 'bool') return flag(spec, 'true', 1);
  if (spec.bare !== undefined) return flag(spec, spec.bare, 1);
  if (next === undefined) return problem(`flag needs an argument: ${written}`);
  return flag(spec, next, 2);
}

/** A cluster: booleans share a dash; the first with a value takes the rest or the next argument. */
function scanShort(argument: string, next: string | undefined, table: ScanTable): Step {
  const found: Scanned[] = [];
  for (let rest = argument.slice(1); rest !== ''; rest = rest.slice(1)) {
    const letter = rest.charAt(0);
    const spec = table.short.get(letter);
    if (spec === undefined) {
      if (letter === 'h') return ok({ found: [...found, { kind: 'help' }], taken: 1 });
      return ok({ found: [...found, { kind: 'unknown', text: `-${rest}`, bare: true }], taken: 1 });
    }
    // pflag wants a character behind the `=`: `-t=` is the value `=`.
    const given =
      rest.length > 2 && rest.charAt(1) === '='
        ? rest.slice(2)
        : spec.kind !== 'bool' && rest.length > 1
          ? rest.slice(1)
          : undefined;
    if (spec.kind === 'bool' && given === undefined) {
      found.push({ kind: 'flag', spec, value: 'true' });
      continue;
    }
    if (given === undefined && next === undefined)
      return problem(`flag needs an argument: '${letter}' in -${rest}`);
    const last = flag(spec, given ?? next ?? '', given === undefined ? 2 : 1);
    return last.ok ? ok({ found: [...found, ...last.value.found], taken: last.value.taken }) : last;
  }
  return ok({ found, taken: 1 });
}

function flag(spec: FlagSpec, value: string, taken: number): Step {
  if (spec.kind === 'bool' && parseGoBool(value) === undefined) {
    const written = spec.short === undefined ? `--${spec.name}` : `-${spec.short}, --${spec.name}`;
    return problem(
      `invalid argument ${JSON.stringify(value)} for "${written}" flag: ` +
        `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`,
    );
  }
  return one({ kind: 'flag', spec, value }, taken);
}

function one(scanned: Scanned, taken: number): Step {
  return ok({ found: [scanned], taken });
}

function problem(message: string): Step {
  return err({
    message: `${message}\nSee 'docker buildx build --help'.`,
    exitCode: BUILDX_USAGE_EXIT,
  });
}

interface Operands {
  readonly least?: number;
  readonly most?: number;
  readonly error?: string;
  /** What completion offers: folders alone, or these words; otherwise files and folders. */
  readonly folders?: boolean;
  readonly choices?: readonly string[];
}

/** A command as data: its flags are parsed by it, and help, completion and docs show it. */
export interface CommandSpec<F extends FlagTable = FlagTable> {
  readonly name: string;
  /** How it is called, without `scoville`; more than one where it is called in several ways. */
  readonly usage: readonly string[];
  /** What it does; lines are wrapped, but those of a list. */
  readonly about: string;
  readonly examples: readonly (readonly [call: string, does: string])[];
  readonly exits: readonly (readonly [code: string, means: string])[];
  readonly flags: F;
  readonly titles?: Readonly<Record<string, string>>;
  /** Flags under a title each, names by spaces; help shows the others with `--help=all` alone. */
  readonly groups?: readonly (readonly [title: string, names: string])[];
  /** Flags of docker that it takes too, each with its own meaning. */
  readonly others?: readonly FlagSpec[];
  /** Flags that it takes as another command has them: completed, and not shown by help. */
  readonly also?: readonly FlagSpec[];
  readonly end?: string;
  readonly operands?: Operands;
}

/** Exit codes, and what each means. */
export function exits(codes: Readonly<Record<string, string>>): CommandSpec['exits'] {
  return Object.entries(codes);
}

/**
 * The flags that help and docs show, under their titles; no hidden and experimental ones. Help
 * shows a rare one with `--help=all` alone.
 */
export function flagSections({ flags, others = [], titles = {}, groups = [] }: CommandSpec) {
  const shown = [...specsOf(flags), ...others].filter(
    ({ hidden, experimental }) => hidden !== true && experimental !== true,
  );
  const sections = groups.map(([title, names]: readonly [string | undefined, string]) => {
    const own = names.split(' ').flatMap((name) => shown.find((flag) => flag.name === name) ?? []);
    return { title, flags: own, isRare: false };
  });
  const named = new Set(sections.flatMap((one) => one.flags));
  for (const flag of shown.filter((one) => !named.has(one))) {
    const title = titles[flag.name];
    if (title !== undefined || sections.length === 0)
      sections.push({ title, flags: [flag], isRare: groups.length > 0 });
    else sections.at(-1)?.flags.push(flag);
  }
  return sections;
}

export function shownFlags(spec: CommandSpec): readonly FlagSpec[] {
  return flagSections(spec).flatMap(({ flags }) => flags);
}

/** The flags that completion offers; of two with one name the command's own. */
export function completedFlags(spec: CommandSpec): readonly FlagSpec[] {
  const { also = [] } = spec;
  return [...also.filter(({ name }) => !Object.hasOwn(spec.flags, name)), ...shownFlags(spec)];
}
