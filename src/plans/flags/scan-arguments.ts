import { err, ok, type Result } from '../../model/result.ts';
import { type FlagSpec, parseGoBool } from './flag-spec.ts';

/** What is wrong with a command line, and the exit code that buildx (125, 1) or we (2) give it. */
export interface UsageProblem {
  readonly message: string;
  /** Set where there is not just one context. */
  readonly isArity?: true;
  readonly exitCode: number;
}

/** One part of a command line, in its order. */
export type Scanned =
  | { readonly kind: 'flag'; readonly spec: FlagSpec; readonly value: string }
  /** A flag that no table names, as it was written; `bare` where a value may still follow. */
  | { readonly kind: 'unknown'; readonly text: string; readonly bare: boolean }
  | { readonly kind: 'positional'; readonly text: string; readonly behindDashes: boolean }
  | { readonly kind: 'help' };

/** Flags by long name and by shorthand. */
export interface FlagTable {
  readonly long: ReadonlyMap<string, FlagSpec>;
  readonly short: ReadonlyMap<string, FlagSpec>;
  /** Flags of ours that `--no-NAME` turns off. */
  readonly negatable: ReadonlySet<string>;
}

/** The table of flags of which those of `own` are ours. */
export function flagTable(specs: readonly FlagSpec[], own: readonly FlagSpec[]): FlagTable {
  return {
    long: new Map(specs.map((spec) => [spec.name, spec])),
    short: new Map(specs.flatMap((s) => (s.short === undefined ? [] : [[s.short, s] as const]))),
    negatable: new Set(own.filter((s) => s.kind === 'bool').map((s) => s.name)),
  };
}

/** What one argument of the command line came to, and how many arguments it took. */
type Step = Result<{ readonly found: readonly Scanned[]; readonly taken: number }, UsageProblem>;

const BUILDX_USAGE_EXIT = 125;

/**
 * Splits a command line as spf13/pflag does with interspersed flags: `--x=v`, `--x v`, `-xv`,
 * `-x=v`, `-x v`, clusters of shorthands, `--` as the end of flags, `-` and the empty argument as
 * positionals. What no table names is kept as it was written. Errors have the texts of pflag and
 * the exit code of buildx.
 */
export function scanArguments(
  argv: readonly string[],
  table: FlagTable,
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

function scanOne(argument: string, next: string | undefined, table: FlagTable): Step {
  if (argument.startsWith('--')) return scanLong(argument, next, table);
  if (argument.startsWith('-') && argument !== '-') return scanShort(argument, next, table);
  return ok({ found: [{ kind: 'positional', text: argument, behindDashes: false }], taken: 1 });
}

function scanLong(argument: string, next: string | undefined, table: FlagTable): Step {
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
function scanShort(argument: string, next: string | undefined, table: FlagTable): Step {
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
