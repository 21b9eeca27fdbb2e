import {
  boolOf,
  flagTable,
  type ScanTable as FlagTable,
  lastValueOf,
  parseGoBool,
  scanArguments,
  type Scanned,
  type UsageProblem,
  valuesOf,
} from '../cli/flag-table.ts';
import { err, ok, type Result } from '../lib/errors.ts';
import { distinct, given } from '../lib/json.ts';
import { didYouMean } from '../lib/text.ts';
import type { BuildxFlag, Flagged } from '../model/events.ts';
import { BUILDX_FLAGS, OWN_FLAGS, type OwnOptions, readOwnOptions } from './flags.ts';
import { addressWithoutSecrets, shownValue } from './shown-command.ts';

/** Fields of one line as Go's encoding/csv reads them; undefined where the quotes are wrong. */
export function csvFields(text: string): readonly string[] | undefined {
  const fields: string[] = [];
  let rest = text;
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"(?=,|$)/.exec(rest);
    const plain = quoted === null ? /^[^",]*(?=,|$)/.exec(rest) : null;
    const match = quoted ?? plain;
    if (match === null) return undefined;
    fields.push(quoted?.[1]?.replaceAll('""', '"') ?? match[0]);
    rest = rest.slice(match[0].length);
    if (rest === '') return fields;
    rest = rest.slice(1);
  }
}

/** `key=value` fields, keys in lower case, the last of a key wins; undefined if one has no `=`. */
export function csvAttributes(text: string): ReadonlyMap<string, string> | undefined {
  const fields = csvFields(text);
  if (fields === undefined) return undefined;
  const attributes = new Map<string, string>();
  for (const field of fields) {
    const equals = field.indexOf('=');
    if (equals < 0) return undefined;
    attributes.set(field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1));
  }
  return attributes;
}

export function csvField(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export type Destination =
  | {
      readonly kind: 'docker';
      readonly context?: string;
      readonly byDefault: boolean;
      /** Not asked for: what was pushed stays in the engine, as docker has it. */
      readonly keepsPushed?: true;
    }
  | {
      readonly kind: 'registry';
      readonly byDigest: boolean;
      readonly plainHttp: boolean;
      /** The engine that builds keeps it too, as docker does: not for `store=false`. */
      readonly keeps: boolean;
    }
  | {
      readonly kind: 'file';
      readonly format: 'oci' | 'docker';
      /** `-` is stdout. */
      readonly path: string;
      readonly directory: boolean;
    };

export interface ImageOutput {
  readonly kind: 'image';
  /** Empty where the user wants the result kept in the layout only. */
  readonly destinations: readonly Destination[];
  /** Values of `name=`; `--tag` goes before them. */
  readonly names: readonly string[];
  /** `annotation...` attributes in the form of `--annotation` (`index:key=value`). */
  readonly annotations: readonly string[];
  readonly compression?: string;
  readonly notices: readonly string[];
  /** What BuildKit refuses, in its words. */
  readonly problem?: string;
  /** Other `--output` values, not images: buildx makes those alone, once the image is good. */
  readonly others: readonly string[];
}

/** A build without an image as result, or with one that we do not judge: buildx does it alone. */
interface NoImageOutput {
  readonly kind: 'passthrough';
  readonly reason: string;
}

type OutputPlan = ImageOutput | NoImageOutput;

interface Entry {
  readonly type: string;
  readonly attributes: ReadonlyMap<string, string>;
}

export const IMAGE_TYPES = ['docker', 'image', 'registry', 'oci'];

/** Attributes that we answer to, or whose effect the pipeline has anyway. */
const HEEDED = new Set(
  'type dest name push push-by-digest registry.insecure context tar store compression rewrite-timestamp unpack'.split(
    ' ',
  ),
);

/**
 * Which of the outputs that the command line asks for are images, and where those go: `--load`,
 * `--push`, `--output`, none. As buildx does, `--push` turns an `--output type=image` into a push
 * and adds one where there is none. Several image outputs are all served from the one image. A
 * build without any is a passthrough.
 */
export function planOutput(
  parsed: Flagged,
  env: Readonly<Record<string, string | undefined>>,
): OutputPlan {
  const reason = evaluationReason(parsed);
  if (reason !== undefined) return { kind: 'passthrough', reason };
  const push = boolOf(parsed, 'push') ?? false;
  const load = boolOf(parsed, 'load') ?? false;
  const entries: Entry[] = [];
  const others: string[] = [];
  let other: string | undefined;
  for (const text of valuesOf(parsed, 'output')) {
    if (text === '') continue;
    const entry = parseEntry(text);
    if (entry === undefined || (toDirectory(entry) && isStdout(entry)))
      return { kind: 'passthrough', reason: `--output ${text} is for buildx to judge` };
    if (IMAGE_TYPES.includes(entry.type)) entries.push(entry);
    else {
      others.push(text);
      other ??= entry.type;
    }
  }
  if (other !== undefined && entries.length === 0 && !push && !load)
    return { kind: 'passthrough', reason: `--output type=${other} makes no image` };
  const noDefaultLoad = parseGoBool(env['BUILDX_NO_DEFAULT_LOAD'] ?? '') ?? false;
  const destinations = entries.flatMap((entry) => destinationsOf(entry, push));
  if (push && !destinations.some((d) => d.kind === 'registry'))
    destinations.push({ kind: 'registry', byDigest: false, plainHttp: false, keeps: true });
  const loads = destinations.some((d) => d.kind === 'docker');
  const byDefault = entries.length === 0 && !push && !load;
  if (!loads && (load || (byDefault && !noDefaultLoad)))
    destinations.push({ kind: 'docker', byDefault });
  const attributes = entries.flatMap((entry) => [...entry.attributes]);
  const compression = attributes.findLast(([key]) => key === 'compression')?.[1];
  return {
    kind: 'image',
    others,
    destinations: distinct(destinations),
    names: attributes
      .filter(([key]) => key === 'name')
      .flatMap(([, value]) => value.split(','))
      .filter((name) => name !== ''),
    annotations: attributes.flatMap(([key, value]) => annotationText(key, value)),
    ...given({ compression, problem: attributes.flatMap(problemOf)[0] }),
    notices: attributes
      .filter(
        ([key, value]) =>
          (!HEEDED.has(key) && !key.startsWith('annotation')) ||
          // Own layers are compressed by what gives the same bytes everywhere.
          (key === 'compression' && value !== 'gzip' && value !== 'zstd'),
      )
      .map(([key, value]) => `--output ${key}=${value} has no effect here`),
  };
}

const COMPRESSIONS = ['uncompressed', 'gzip', 'estargz', 'zstd'];
const BOOLS =
  'push push-by-digest store tar registry.insecure oci-mediatypes rewrite-timestamp force-compression'.split(
    ' ',
  );

/** A value that BuildKit refuses when all is built. */
function problemOf([key, value]: readonly [string, string]): readonly string[] {
  const wrong = (what: string, parse: string): readonly string[] => [
    `non-${what} value specified for ${key}: strconv.${parse}: parsing ${JSON.stringify(value)}: invalid syntax`,
  ];
  if (value === '') return [];
  if (key === 'compression' && !COMPRESSIONS.includes(value))
    return [`unsupported compression type ${value}`];
  if (key === 'compression-level' && !/^[+-]?\d+$/.test(value)) return wrong('integer', 'ParseInt');
  return BOOLS.includes(key) && parseGoBool(value) === undefined ? wrong('bool', 'ParseBool') : [];
}

export function isOnStdout(output: string): boolean {
  const entry = parseEntry(output);
  return entry?.type === 'tar' && isStdout(entry);
}

function isStdout({ attributes }: Entry): boolean {
  return ['', '-'].includes(attributes.get('dest') ?? '');
}

function destinationsOf(entry: Entry, push: boolean): Destination[] {
  const { type, attributes } = entry;
  const dest = attributes.get('dest') ?? '';
  const context = attributes.get('context');
  if (type === 'oci' || (type === 'docker' && dest !== ''))
    return [{ kind: 'file', format: type, path: dest || '-', directory: toDirectory(entry) }];
  if (type === 'docker') return [{ kind: 'docker', byDefault: false, ...given({ context }) }];
  const pushes = push || type === 'registry' || isTrue(attributes, 'push');
  const keeps = parseGoBool(attributes.get('store') ?? '') !== false;
  const stores = type === 'image' && !push && keeps;
  const byDigest = isTrue(attributes, 'push-by-digest');
  const registry = {
    kind: 'registry',
    byDigest,
    plainHttp: isTrue(attributes, 'registry.insecure'),
    // docker refuses it, and no name is left to keep it by.
    keeps: keeps && !byDigest,
  } as const;
  return [
    ...(stores ? [{ kind: 'docker', byDefault: false } as const] : []),
    ...(pushes ? [registry] : []),
  ];
}

function isTrue(attributes: ReadonlyMap<string, string>, key: string): boolean {
  return parseGoBool(attributes.get(key) ?? '') ?? false;
}

function toDirectory({ type, attributes }: Entry): boolean {
  return ['oci', 'docker'].includes(type) && parseGoBool(attributes.get('tar') ?? '') === false;
}

/** docker/buildx, util/buildflags/export.go: a path is a folder of files, `-` a tar on stdout. */
function parseEntry(text: string): Entry | undefined {
  const fields = csvFields(text);
  if (fields?.length === 1 && fields[0] === text && !text.startsWith('type='))
    return { type: text === '-' ? 'tar' : 'local', attributes: new Map([['dest', text]]) };
  const attributes = csvAttributes(text);
  const type = attributes?.get('type');
  return attributes === undefined || !type ? undefined : { type, attributes };
}

/** `annotation-manifest[linux/amd64].key` in the spelling of `--annotation`. */
function annotationText(key: string, value: string): readonly string[] {
  const match = /^annotation(?:-([a-z-]+(?:\[[^\]]*\])?))?\.(.+)$/.exec(key);
  if (match === null) return [];
  const [, level, name = ''] = match;
  return [level === undefined ? `${name}=${value}` : `${level}:${name}=${value}`];
}

function evaluationReason(parsed: Flagged): string | undefined {
  if (boolOf(parsed, 'check') === true) return '--check evaluates the build and makes no image';
  for (const name of ['call', 'print']) {
    const value = lastValueOf(parsed, name) ?? '';
    if (value !== '' && value !== 'build')
      return `--${name}=${value} evaluates the build and makes no image`;
  }
  return undefined;
}

export interface ParsedBuild {
  readonly kind: 'build';
  readonly context: string;
  readonly flags: readonly BuildxFlag[];
  readonly own: OwnOptions;
  readonly output: OutputPlan;
  readonly again?: readonly string[];
}

const OWN_NAMES = new Set(OWN_FLAGS.map((spec) => spec.name));
const BUILDX_ONE_ARGUMENT_EXIT = 1;
const BUILD_FLAG_EXIT = 125;

const TABLE: FlagTable = flagTable([...BUILDX_FLAGS, ...OWN_FLAGS], OWN_FLAGS);

/**
 * Parses the arguments of `scoville build`, as buildx would read them.
 *
 * A flag that neither buildx nor we know is passed on unchanged. We cannot know whether it takes a
 * value. Written `--x=v` it has one. Written `--x v` it is read as a boolean, as long as one
 * positional argument is left. Where more would be left, the words after such flags are their
 * values, the leftmost first.
 *
 * Errors have the texts and exit codes of buildx 0.13: 125 for a bad flag, 1 for a number of
 * arguments other than one. A bad value of a flag of ours has exit code 2. `--help` anywhere gives
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
  const output = planOutput({ flags }, env);
  const again = buildAgain(scanned.value);
  return ok({ kind: 'build', context, flags, own: own.value, output, ...given({ again }) });
}

type Part = Scanned | { readonly kind: 'passed'; readonly words: readonly string[] };

const OWN_LONG_NAMES = [...OWN_NAMES, ...OWN_FLAGS.map(({ name }) => `no-${name}`)];

/** A flag that is nearly one. `--buildx-arg` reaches a later one of buildx that looks like ours. */
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

/** Words that make the same image, without secrets; undefined where they may not suffice. */
function buildAgain(scanned: readonly Scanned[]): readonly string[] | undefined {
  const words = scanned.map(wordsOf);
  const isNamed = scanned.some((one) => one.kind === 'flag' && one.spec.name === 'tag');
  return isNamed && words.every((word) => word !== undefined) ? words.flat() : undefined;
}

function wordsOf(part: Scanned): readonly string[] | undefined {
  if (part.kind === 'positional')
    return part.text === '-' ? undefined : [addressWithoutSecrets(part.text)];
  if (part.kind !== 'flag') return undefined;
  const { spec } = part;
  if (spec.ofOneRun === true) return [];
  const value = shownValue(spec.name, part.value);
  if (spec.kind === 'bool')
    return [value === 'true' ? `--${spec.name}` : `--${spec.name}=${value}`];
  if (spec.bare !== undefined) return [`--${spec.name}=${value}`];
  return [spec.short === undefined ? `--${spec.name}` : `-${spec.short}`, value];
}
