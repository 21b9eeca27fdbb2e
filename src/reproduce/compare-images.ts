import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copiedStage, layerLines } from '../dockerfile/layer-lines.ts';
import { openBlobImage } from '../image/layout/open-layout.ts';
import type { LayoutStore } from '../image/layout/store.ts';
import { inTemporaryFolder } from '../image/temporary-folder.ts';
import { walkLayer } from '../image/walk/layer-walk.ts';
import { phase, type PipelineContext } from '../model/context.ts';
import type { DockerfileModel } from '../model/dockerfile.ts';
import {
  type Descriptor,
  type LayerCollector,
  type OpenedImage,
  type OpenedPlatform,
  platformNameOf,
} from '../model/image.ts';
import type {
  ContentDifference,
  CopiedStage,
  EntryDifference,
  EntryRecord,
  ImageComparison,
  ImageDifference,
} from '../model/report.ts';
import { classOf } from './causes.ts';
import {
  compareEntries,
  configDifferences,
  entryRecorder,
  type LayerPair,
  packedDifference,
  pairLayers,
  type TracedLayer,
  tracedLayers,
} from './compare-entries.ts';
import { lookDeeper } from './diffoscope.ts';

/**
 * Shows two contents of one file in detail; undefined where that is not wanted, or shows nothing.
 */
export type LookDeeper = (
  path: string,
  format: ContentDifference['format'],
  first: Uint8Array,
  second: Uint8Array,
) => Promise<string | undefined>;

/** Most files given to diffoscope; each takes seconds. */
const MOST_FILES = 10;
/** What is not of a kind that its own text shows. Keys are never given to it. */
const FORMATS: readonly ContentDifference['format'][] = [
  'elf',
  'zip',
  'gzip',
  'tar',
  'ar',
  'sqlite',
  'png',
  'pdf',
  'pyc',
  'binary',
];

/**
 * Views by diffoscope, for the first ten files whose kind it knows better than we do. Contents lie
 * in a private folder under names of ours while it runs, and nowhere after that. Where it is not
 * installed, one notice says so.
 */
export function deeperViews({
  run,
  signal,
  emit,
}: Pick<PipelineContext, 'run' | 'signal' | 'emit'>): LookDeeper {
  let left = MOST_FILES;
  return async (path, format, first, second) => {
    if (left === 0 || !FORMATS.includes(format)) return undefined;
    left -= 1;
    return inTemporaryFolder('deeper', async (folder) => {
      const ending = safeEnding(path);
      const files = {
        first: join(folder, `first${ending}`),
        second: join(folder, `second${ending}`),
      };
      await writeFile(files.first, first, { mode: 0o600 });
      await writeFile(files.second, second, { mode: 0o600 });
      const { installed, view } = await lookDeeper(run, { ...files, signal });
      if (installed) return view;
      left = 0;
      emit({
        kind: 'notice',
        text: 'diffoscope is not installed: no deeper views (on Debian and Ubuntu: apt-get install diffoscope-minimal)',
      });
      return undefined;
    });
  };
}

/** An ending that shows diffoscope a format; nothing else of an image's name names a file. */
function safeEnding(path: string): string {
  return /\.[a-z0-9]{1,8}$/i.exec(path)?.[0] ?? '';
}

/** A layer, and the image that gives its bytes. */
interface LayerSide {
  readonly image: OpenedImage;
  readonly layer: TracedLayer;
}

interface ComparedLayer {
  readonly differences: readonly Pick<
    ImageDifference,
    'path' | 'kind' | 'detail' | 'class' | 'cause' | 'remedy' | 'deeper'
  >[];
  /** Found and not listed. */
  readonly omitted: number;
}

/** Differences of one layer that are listed: who has more wants a cause, not a list. */
const MOST_LISTED = 500;
/** Bytes of a file that are kept to say where it differs; a larger one is only said to differ. */
const MOST_CONTENT = 8 * 1024 * 1024;
const MOST_CONTENT_TOTAL = 128 * 1024 * 1024;

/** Reads two layers and says what differs and why. Throws UserError if one cannot be read. */
async function compareLayers(
  first: LayerSide,
  second: LayerSide,
  signal: AbortSignal,
  look?: LookDeeper,
): Promise<ComparedLayer> {
  const before = await recordsOf(first, signal);
  const after = await recordsOf(second, signal);
  const found = compareEntries(before, after);
  const listed = found.slice(0, MOST_LISTED);
  const wanted = contentsWanted(listed);
  const contents = {
    first: await contentsOf(first, wanted, signal),
    second: await contentsOf(second, wanted, signal),
  };
  const differences = [];
  for (const difference of listed) differences.push(await explained(difference, contents, look));
  return { differences, omitted: found.length - listed.length };
}

/** Layers that only one of the two images has. */
function unpaired({ first, second }: LayerPair): ComparedLayer {
  const layer = first ?? second;
  return {
    differences: [
      {
        path: '',
        kind: 'layers',
        detail: `only in the ${first === undefined ? 'second' : 'first'}: ${layer?.createdBy ?? layer?.diffId ?? ''}`,
        class: 'other-layers',
        cause: 'the two were built by different instructions, or on different bases',
        remedy: 'compare their Dockerfiles and base images',
      },
    ],
    omitted: 0,
  };
}

type Contents = ReadonlyMap<string, Uint8Array>;

async function explained(
  { path, kinds, first, second }: EntryDifference,
  contents: { readonly first: Contents; readonly second: Contents },
  look: LookDeeper | undefined,
): Promise<ComparedLayer['differences'][number]> {
  const a = contents.first.get(path);
  const b = contents.second.get(path);
  const content: ContentDifference | undefined =
    a === undefined || b === undefined ? undefined : packedDifference(path, a, b);
  const [kind = 'content'] = kinds;
  const types = first === undefined || second === undefined ? [] : [first.type, second.type];
  const { id, cause, remedy } = classOf(path, kinds, content, types);
  const detail = [...kinds.map((one) => said(one, first, second)), content?.detail]
    .filter((text) => text !== undefined)
    .join('; ');
  const deeper =
    a === undefined || b === undefined || content === undefined
      ? undefined
      : await look?.(path, content.format, a, b);
  const change = { path, kind, detail, class: id, cause, remedy };
  return deeper === undefined ? change : { ...change, deeper };
}

function said(
  kind: EntryDifference['kinds'][number],
  a: EntryRecord | undefined,
  b: EntryRecord | undefined,
): string | undefined {
  if (a === undefined) return 'only in the second';
  if (b === undefined) return kind === 'order' ? 'order' : 'only in the first';
  switch (kind) {
    case 'mode':
      return `mode ${a.mode.toString(8)} and ${b.mode.toString(8)}`;
    case 'owner':
      return `owner ${a.uid}:${a.gid} and ${b.uid}:${b.gid}`;
    case 'mtime':
      return `time ${timeText(a.mtime)} and ${timeText(b.mtime)}`;
    case 'type':
      return `${a.type} and ${b.type}`;
    case 'link':
      return `link to ${a.link || 'nothing'} and ${b.link || 'nothing'}`;
    case 'content':
    case 'attributes':
    case 'device':
    case 'order':
    case 'presence':
      return kind;
  }
}

function timeText(seconds: number): string {
  const milliseconds = seconds * 1000;
  return Math.abs(milliseconds) <= 8.64e15 ? new Date(milliseconds).toISOString() : `${seconds}`;
}

/** All entries of a layer. Throws UserError if it cannot be read. */
export async function recordsOf(
  side: LayerSide,
  signal: AbortSignal,
): Promise<readonly EntryRecord[]> {
  const recorder = entryRecorder();
  await walk(side, recorder, signal);
  return recorder.finish();
}

/** Files with different content, small enough to keep one by one and all together. */
function contentsWanted(differences: readonly EntryDifference[]): ReadonlySet<string> {
  let total = 0;
  const wanted = differences.filter(({ kinds, first, second }) => {
    if (!kinds.includes('content') || first?.type !== 'file' || second?.type !== 'file')
      return false;
    const size = first.size + second.size;
    if (Math.max(first.size, second.size) > MOST_CONTENT || total + size > MOST_CONTENT_TOTAL)
      return false;
    total += size;
    return true;
  });
  return new Set(wanted.map(({ path }) => path));
}

async function contentsOf(
  side: LayerSide,
  wanted: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Contents> {
  const contents = new Map<string, Uint8Array>();
  if (wanted.size === 0) return contents;
  const reader: LayerCollector<undefined> = {
    name: 'contents',
    wants: ({ path }) => (wanted.has(path) ? { want: 'all', cap: MOST_CONTENT } : { want: 'none' }),
    visit: ({ path }, content) => {
      if (wanted.has(path)) contents.set(path, Buffer.from(content ?? []));
    },
    finish: () => undefined,
  };
  await walk(side, reader, signal);
  return contents;
}

async function walk(
  { image, layer }: LayerSide,
  collector: LayerCollector<unknown>,
  signal: AbortSignal,
): Promise<void> {
  await walkLayer({
    open: () => image.openLayer(layer.blob),
    mediaType: layer.blob.mediaType,
    collectors: [collector],
    expectedDigest: layer.blob.digest,
    expectedDiffId: layer.diffId,
    signal,
  });
}

/** The Dockerfile line of a first-image layer, if known, and the stage that it copies from. */
type LineOf = (
  layer: TracedLayer,
) => { readonly line: number; readonly copiedFrom?: CopiedStage } | undefined;

/**
 * Compares two images, platform by platform: manifests first, and where those differ the config and
 * each layer down to the entry. What has one digest is not read. Throws UserError where a layer
 * cannot be read.
 */
export async function compareImages(
  context: Pick<PipelineContext, 'signal'>,
  first: OpenedImage,
  second: OpenedImage,
  lineOf: LineOf = () => undefined,
  look?: LookDeeper,
): Promise<ImageComparison> {
  const names = [...new Set([...first.platforms, ...second.platforms].map(platformNameOf))];
  const differences: ImageDifference[] = [];
  let omitted = 0;
  const platforms = [];
  for (const platform of names) {
    const a = first.platforms.find((one) => platformNameOf(one) === platform);
    const b = second.platforms.find((one) => platformNameOf(one) === platform);
    platforms.push({
      platform,
      first: a?.descriptor.digest,
      second: b?.descriptor.digest,
    });
    if (a === undefined || b === undefined) {
      differences.push(onOneSide(platform, a === undefined ? 'second' : 'first'));
      continue;
    }
    if (a.descriptor.digest === b.descriptor.digest) continue;
    const sides = { first, second, a, b, platform, lineOf, look };
    const found = await comparePlatforms(context, sides);
    differences.push(...found.differences);
    omitted += found.omitted;
  }
  return {
    schemaVersion: '1',
    reproducible: platforms.every((one) => one.first !== undefined && one.first === one.second),
    first: { name: first.name, digest: first.root.digest },
    second: { name: second.name, digest: second.root.digest },
    platforms,
    differences,
    omitted,
  };
}

interface Sides {
  readonly first: OpenedImage;
  readonly second: OpenedImage;
  readonly a: OpenedPlatform;
  readonly b: OpenedPlatform;
  readonly platform: string;
  readonly lineOf: LineOf;
  readonly look: LookDeeper | undefined;
}

async function comparePlatforms(
  { signal }: Pick<PipelineContext, 'signal'>,
  { first, second, a, b, platform, lineOf, look }: Sides,
): Promise<{ readonly differences: readonly ImageDifference[]; readonly omitted: number }> {
  const outside = {
    layer: undefined,
    layerIndex: undefined,
    line: undefined,
    instruction: undefined,
  };
  const differences: ImageDifference[] = configDifferences(a, b).map((found) => ({
    ...found,
    ...outside,
    platform,
  }));
  let omitted = 0;
  const pairs = pairLayers(tracedLayers(a.layers, a.config), tracedLayers(b.layers, b.config));
  for (const [layerIndex, pair] of pairs.entries()) {
    signal.throwIfAborted();
    const layer = pair.first ?? pair.second;
    if (layer === undefined || pair.first?.blob.digest === pair.second?.blob.digest) continue;
    const found = await comparePair(first, second, pair, signal, look);
    const of = {
      layer: layer.blob.digest,
      layerIndex,
      platform,
      line: undefined,
      ...lineOf(layer),
      instruction: layer.createdBy,
    };
    differences.push(...found.differences.map((one) => ({ ...one, ...of })));
    omitted += found.omitted;
  }
  return { differences, omitted };
}

async function comparePair(
  first: OpenedImage,
  second: OpenedImage,
  pair: ReturnType<typeof pairLayers>[number],
  signal: AbortSignal,
  look: LookDeeper | undefined,
): Promise<ComparedLayer> {
  if (pair.first === undefined || pair.second === undefined) return unpaired(pair);
  if (pair.first.diffId === pair.second.diffId) return otherCompression();
  return compareLayers(
    { image: first, layer: pair.first },
    { image: second, layer: pair.second },
    signal,
    look,
  );
}

function otherCompression(): ComparedLayer {
  const difference = {
    path: '',
    kind: 'layers',
    detail: 'the same content, compressed differently',
    class: 'compression',
    cause: 'another compressor, or another version of it',
    remedy: 'build both with scoville, whose compressor gives the same bytes everywhere',
  } as const;
  return { differences: [difference], omitted: 0 };
}

function onOneSide(platform: string, side: 'first' | 'second'): ImageDifference {
  return {
    layer: undefined,
    layerIndex: undefined,
    platform,
    path: '',
    kind: 'layers',
    detail: `only the ${side} image has this platform`,
    class: 'platform',
    cause: 'the two were built for different platforms',
    remedy: '--platform',
    line: undefined,
    instruction: undefined,
  };
}

/** The Dockerfile line of each layer of the image built from it, and the stage it copies from. */
export function linesOf(
  dockerfile: DockerfileModel | undefined,
  { platforms }: OpenedImage,
): LineOf | undefined {
  if (dockerfile === undefined) return undefined;
  const lines = new Map<string, number>();
  for (const { layers, config } of platforms) {
    const found = layerLines(
      dockerfile,
      tracedLayers(layers, config).map(({ createdBy }) => createdBy),
    );
    for (const [i, line] of found.entries()) {
      const digest = layers[i]?.blob.digest;
      if (digest !== undefined && line !== undefined) lines.set(digest, line);
    }
  }
  return ({ blob }) => {
    const line = lines.get(blob.digest);
    if (line === undefined) return undefined;
    const copiedFrom = copiedStage(dockerfile, line);
    return { line, ...(copiedFrom === undefined ? {} : { copiedFrom }) };
  };
}

export function builtImage(
  store: LayoutStore,
  name: string,
  root: Descriptor,
): Promise<OpenedImage> {
  return openBlobImage({
    name,
    place: 'store',
    blobs: store.blobs,
    root,
    entries: [],
  });
}

/**
 * Compares two builds of one Dockerfile as its own phase; lines are those of the first build.
 * Throws as `compareImages` does.
 */
export function compareBuilds(
  context: PipelineContext,
  dockerfile: DockerfileModel | undefined,
  [first, second]: readonly [OpenedImage, OpenedImage],
  look: LookDeeper | undefined,
): Promise<ImageComparison> {
  return phase(
    context,
    'compare',
    () => compareImages(context, first, second, linesOf(dockerfile, first), look),
    ({ reproducible, differences, omitted }) => ({
      detail: reproducible ? 'the same' : `${differences.length + omitted} differences`,
    }),
  );
}
