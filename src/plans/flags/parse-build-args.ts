import type { BuildxFlag } from '../../model/build-invocation.ts';
import { didYouMean } from '../../model/did-you-mean.ts';
import { err, ok, type Result } from '../../model/result.ts';
import { shownAddress, shownValue } from '../shown-command.ts';
import { BUILDX_FLAGS } from './buildx-flags.ts';
import { type OutputPlan, planOutput } from './output-plan.ts';
import { OWN_FLAGS, type OwnOptions, readOwnOptions } from './own-flags.ts';
import {
  type FlagTable,
  type Scanned,
  scanArguments,
  type UsageProblem,
  flagTable,
} from './scan-arguments.ts';

/** A command line of `scoville build`, taken apart. */
export interface ParsedBuild {
  readonly kind: 'build';
  /** PATH, URL or `-`. */
  readonly context: string;
  /** Flags of buildx in the order they were given. */
  readonly flags: readonly BuildxFlag[];
  readonly own: OwnOptions;
  /** Where the result goes, as these flags and the environment have it. */
  readonly output: OutputPlan;
  /** Words behind `scoville build` that make the same image, to be printed; see buildAgain. */
  readonly again?: readonly string[];
}

const OWN_NAMES = new Set(OWN_FLAGS.map((spec) => spec.name));
const BUILDX_ONE_ARGUMENT_EXIT = 1;
/** As buildx ends on a flag that it does not know. */
const BUILD_FLAG_EXIT = 125;

const TABLE: FlagTable = flagTable([...BUILDX_FLAGS, ...OWN_FLAGS], OWN_FLAGS);

/**
 * Takes apart the arguments behind `scoville build`, as buildx would read them.
 *
 * A flag that neither buildx nor we are known to have is passed through in its place. Whether it
 * takes a value cannot be known: written `--x=v` it has one; written `--x v`, it is read as a
 * boolean, unless there would then be more than one positional argument; in that case what follows
 * such a flag is its value, the leftmost first, until one is left.
 *
 * Errors have the texts and exit codes of buildx 0.13 (125 for a bad flag, 1 for a number of
 * arguments other than one); a bad value of a flag of ours has exit code 2. `--help` anywhere gives
 * `help`.
 */
export function parseBuildArgs(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Result<ParsedBuild | { readonly kind: 'help' }, UsageProblem> {
  const scanned = scanArguments(argv, TABLE);
  if (!scanned.ok) return scanned;
  if (scanned.value.some((part) => part.kind === 'help')) return ok({ kind: 'help' });
  const misspelt = misspeltFlag(scanned.value);
  if (misspelt !== undefined) return err(misspelt);
  const parts = giveUnknownsTheirValues(scanned.value);
  const positionals = parts.flatMap((part) => (part.kind === 'positional' ? [part.text] : []));
  const [context] = positionals;
  if (context === undefined || positionals.length !== 1) return err(oneArgument());
  const own = readOwnOptions(
    parts.flatMap((p) => (p.kind === 'flag' && OWN_NAMES.has(p.spec.name) ? [p] : [])),
  );
  if (!own.ok) return own;
  const unread = own.value.buildxArg.map((word) => ({ name: undefined, words: [word] }));
  const flags = [...parts.flatMap(asBuildxFlag), ...unread];
  const again = buildAgain(scanned.value);
  return ok({
    kind: 'build',
    context,
    flags,
    own: own.value,
    output: planOutput({ flags }, env),
    ...(again === undefined ? {} : { again }),
  });
}

type Part = Scanned | { readonly kind: 'passed'; readonly words: readonly string[] };

const OWN_LONG_NAMES = [...OWN_NAMES, ...OWN_FLAGS.map(({ name }) => `no-${name}`)];

/**
 * A flag that no table names and that is nearly one: buildx would only say that it does not know
 * it. `--buildx-arg` reaches a flag of a later buildx that looks like one of ours.
 */
function misspeltFlag(scanned: readonly Scanned[]): UsageProblem | undefined {
  for (const part of scanned) {
    const [name = ''] = part.kind === 'unknown' ? part.text.replace(/^--/, '').split('=', 1) : [];
    const near = didYouMean(name, [...OWN_LONG_NAMES, ...BUILDX_FLAGS.map((one) => one.name)]);
    if (name.length > 2 && near !== undefined)
      return {
        message: `unknown flag: --${name}; did you mean --${near}?\nSee 'scoville build --help'.`,
        exitCode: BUILD_FLAG_EXIT,
      };
  }
  return undefined;
}

function giveUnknownsTheirValues(scanned: readonly Scanned[]): readonly Part[] {
  let surplus = scanned.filter((part) => part.kind === 'positional').length - 1;
  const parts: Part[] = [];
  for (let i = 0; i < scanned.length; i++) {
    const part = scanned[i];
    const next = scanned[i + 1];
    if (part === undefined) continue;
    if (part.kind !== 'unknown') parts.push(part);
    else if (surplus > 0 && part.bare && next?.kind === 'positional' && !next.behindDashes) {
      parts.push({ kind: 'passed', words: [part.text, next.text] });
      surplus--;
      i++;
    } else parts.push({ kind: 'passed', words: [part.text] });
  }
  return parts;
}

function asBuildxFlag(part: Part): readonly BuildxFlag[] {
  if (part.kind === 'passed') return [{ name: undefined, words: part.words }];
  if (part.kind !== 'flag' || OWN_NAMES.has(part.spec.name)) return [];
  return [{ name: part.spec.name, value: part.value }];
}

function oneArgument(): UsageProblem {
  return {
    message: `ERROR: "docker buildx build" requires exactly 1 argument.
See 'docker buildx build --help'.

Usage:  docker buildx build [OPTIONS] PATH | URL | -

Start a build`,
    isArity: true,
    exitCode: BUILDX_ONE_ARGUMENT_EXIT,
  };
}

/**
 * The words behind `scoville build` that make the same image, for a command that is printed to be
 * pasted: no secret is in them. Undefined where they are not known to suffice: no name (`-t`), a
 * context from stdin, a flag that no table names.
 */
function buildAgain(scanned: readonly Scanned[]): readonly string[] | undefined {
  const words: string[] = [];
  for (const part of scanned) {
    const word = wordsOf(part);
    if (word === undefined) return undefined;
    words.push(...word);
  }
  const isNamed = scanned.some((one) => one.kind === 'flag' && one.spec.name === 'tag');
  return isNamed ? words : undefined;
}

function wordsOf(part: Scanned): readonly string[] | undefined {
  if (part.kind === 'positional') return part.text === '-' ? undefined : [shownAddress(part.text)];
  if (part.kind !== 'flag') return undefined;
  const { spec } = part;
  if (spec.ofOneRun === true) return [];
  const value = shownValue(spec.name, part.value);
  if (spec.kind === 'bool')
    return [value === 'true' ? `--${spec.name}` : `--${spec.name}=${value}`];
  if (spec.bare !== undefined) return [`--${spec.name}=${value}`];
  return [spec.short === undefined ? `--${spec.name}` : `-${spec.short}`, value];
}
