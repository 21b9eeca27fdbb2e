import type { Flagged } from '../../model/build-invocation.ts';
import { distinct } from '../../model/json-value.ts';
import { csvAttributes, csvFields } from './csv-fields.ts';
import { boolOf, lastValueOf, parseGoBool, valuesOf } from './flag-spec.ts';

/** Where the finished image goes. */
export type Destination =
  | { readonly kind: 'docker'; readonly context?: string; readonly byDefault: boolean }
  | { readonly kind: 'registry'; readonly byDigest: boolean; readonly plainHttp: boolean }
  | {
      readonly kind: 'file';
      readonly format: 'oci' | 'docker';
      /** `-` is stdout. */
      readonly path: string;
      /** A layout directory in place of an archive (`tar=false`). */
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
  /** Other `--output` values, not images: buildx makes those alone, once the image is good. */
  readonly others: readonly string[];
}

/** A build whose result is no image, or that is none of ours to judge: buildx does it alone. */
interface NoImageOutput {
  readonly kind: 'passthrough';
  /** One line for stderr. */
  readonly reason: string;
}

export type OutputPlan = ImageOutput | NoImageOutput;

/** One `--output` as buildx reads it; undefined where buildx would refuse it. */
interface Entry {
  readonly type: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** Types of outputs that hold an image. */
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
  const entries: Entry[] = [];
  const others: { readonly text: string; readonly type: string }[] = [];
  for (const text of valuesOf(parsed, 'output')) {
    if (text === '') continue;
    const entry = parseEntry(text);
    if (entry === undefined)
      return { kind: 'passthrough', reason: `--output ${text} is for buildx to judge` };
    if (toDirectory(entry) && ['', '-'].includes(entry.attributes.get('dest') ?? ''))
      return { kind: 'passthrough', reason: `--output ${text} is for buildx to judge` };
    if (IMAGE_TYPES.includes(entry.type)) entries.push(entry);
    else others.push({ text, type: entry.type });
  }
  const [other] = others;
  const isAsked =
    entries.length > 0 || [boolOf(parsed, 'push'), boolOf(parsed, 'load')].includes(true);
  if (other !== undefined && !isAsked)
    return { kind: 'passthrough', reason: `--output type=${other.type} makes no image` };
  const noDefaultLoad = parseGoBool(env['BUILDX_NO_DEFAULT_LOAD'] ?? '') ?? false;
  return {
    ...imageOutput(entries, parsed, noDefaultLoad),
    others: others.map(({ text }) => text),
  };
}

function imageOutput(
  entries: readonly Entry[],
  parsed: Flagged,
  noDefaultLoad: boolean,
): Omit<ImageOutput, 'others'> {
  const push = boolOf(parsed, 'push') ?? false;
  const load = boolOf(parsed, 'load') ?? false;
  const destinations = entries.flatMap((entry) => destinationsOf(entry, push));
  if (push && !destinations.some((d) => d.kind === 'registry'))
    destinations.push({ kind: 'registry', byDigest: false, plainHttp: false });
  const loads = destinations.some((d) => d.kind === 'docker');
  const byDefault = entries.length === 0 && !push && !load;
  if (!loads && (load || (byDefault && !noDefaultLoad)))
    destinations.push({ kind: 'docker', byDefault });
  const attributes = entries.flatMap((entry) => [...entry.attributes]);
  const compression = attributes.findLast(([key]) => key === 'compression')?.[1];
  return {
    kind: 'image',
    destinations: distinct(destinations),
    names: attributes
      .filter(([key]) => key === 'name')
      .flatMap(([, value]) => value.split(','))
      .filter((name) => name !== ''),
    annotations: attributes.flatMap(([key, value]) => annotationText(key, value)),
    ...(compression === undefined ? {} : { compression }),
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

/** True where an output that is no image goes to stdout. */
export function isOnStdout(output: string): boolean {
  const entry = parseEntry(output);
  return entry?.type === 'tar' && ['', '-'].includes(entry.attributes.get('dest') ?? '');
}

function destinationsOf(entry: Entry, push: boolean): Destination[] {
  const { type, attributes } = entry;
  const dest = attributes.get('dest') ?? '';
  const context = attributes.get('context');
  if (type === 'oci' || (type === 'docker' && dest !== ''))
    return [{ kind: 'file', format: type, path: dest || '-', directory: toDirectory(entry) }];
  if (type === 'docker')
    return [{ kind: 'docker', byDefault: false, ...(context === undefined ? {} : { context }) }];
  const pushes = push || type === 'registry' || isTrue(attributes, 'push');
  const stores = type === 'image' && !push && parseGoBool(attributes.get('store') ?? '') !== false;
  return [
    ...(stores ? [{ kind: 'docker', byDefault: false } as const] : []),
    ...(pushes
      ? [
          {
            kind: 'registry',
            byDigest: isTrue(attributes, 'push-by-digest'),
            plainHttp: isTrue(attributes, 'registry.insecure'),
          } as const,
        ]
      : []),
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

/**
 * Turns `annotation.key`, `annotation-index.key` or `annotation-manifest[linux/amd64].key` into
 * the spelling of `--annotation`.
 */
function annotationText(key: string, value: string): readonly string[] {
  const match = /^annotation(?:-([a-z-]+(?:\[[^\]]*\])?))?\.(.+)$/.exec(key);
  if (match === null) return [];
  const [, level, name = ''] = match;
  return [level === undefined ? `${name}=${value}` : `${level}:${name}=${value}`];
}

function evaluationReason(parsed: Flagged): string | undefined {
  const call = lastValueOf(parsed, 'call');
  const print = lastValueOf(parsed, 'print');
  if (boolOf(parsed, 'check') === true) return '--check evaluates the build and makes no image';
  if (call !== undefined && call !== '' && call !== 'build')
    return `--call=${call} evaluates the build and makes no image`;
  if (print !== undefined && print !== '' && print !== 'build')
    return `--print=${print} evaluates the build and makes no image`;
  return undefined;
}
