import { copiedStage, layerLines } from '../dockerfile/layer-lines.ts';
import { openBlobImage } from '../image/layout/open-layout.ts';
import type { LayoutStore } from '../image/layout/store.ts';
import { walkLayer } from '../image/walk/layer-walk.ts';
import { given } from '../lib/json.ts';
import { quantity } from '../lib/text.ts';
import { phase, type PipelineContext } from '../model/context.ts';
import type { DockerfileModel } from '../model/dockerfile.ts';
import {
  type Descriptor,
  type LayerCollector,
  type OpenedImage,
  type OpenedPlatform,
  platformNameOf,
} from '../model/image.ts';
import type { DifferenceKind, ImageComparison, ImageDifference } from '../model/report.ts';
import { classNamed, classOf, UNEXPLAINED } from './causes.ts';
import {
  compareEntries,
  configDifferences,
  type EntryDifference,
  type EntryRecord,
  entryRecorder,
  type LayerPair,
  packedDifference,
  pairLayers,
  type TracedLayer,
  tracedLayers,
} from './compare-entries.ts';
import type { LookDeeper } from './diffoscope.ts';

type Found = Omit<ImageDifference, keyof Outside | 'platform'>;
type Outside = Pick<ImageDifference, 'layer' | 'layerIndex' | 'line' | 'instruction'>;

/** For differences that are not in a layer. */
const OUTSIDE: Outside = {
  layer: undefined,
  layerIndex: undefined,
  line: undefined,
  instruction: undefined,
};

/** Differences listed per layer: with more, a cause helps, not a list. */
const MOST_LISTED = 500;
/** Bytes kept per file to show where it differs; a larger file only differs. */
const MOST_CONTENT = 8 * 1024 * 1024;
const MOST_CONTENT_TOTAL = 128 * 1024 * 1024;

/** The Dockerfile line of a first-image layer, if known, and the stage that it copies from. */
type LineOf = (layer: TracedLayer) => Pick<ImageDifference, 'line' | 'copiedFrom'> | undefined;

/**
 * Compares two images, platform by platform: manifests first; if those differ, the config and each
 * layer by entry. Equal digests are not read. Throws UserError for an unreadable layer.
 */
export async function compareImages(
  { signal }: Pick<PipelineContext, 'signal'>,
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
    const [a, b] = [first, second].map(({ platforms: all }) =>
      all.find((one) => platformNameOf(one) === platform),
    );
    platforms.push({ platform, first: a?.descriptor.digest, second: b?.descriptor.digest });
    if (a === undefined || b === undefined)
      differences.push({
        ...OUTSIDE,
        platform,
        path: '',
        kind: 'layers',
        detail: `only the ${a === undefined ? 'second' : 'first'} image has this platform`,
        ...classNamed('platform'),
      });
    else if (a.descriptor.digest !== b.descriptor.digest) {
      differences.push(...configDifferences(a, b).map((one) => ({ ...one, ...OUTSIDE, platform })));
      for (const [layerIndex, pair] of pairsOf(a, b).entries()) {
        signal.throwIfAborted();
        const layer = pair.first ?? pair.second;
        if (layer === undefined || pair.first?.blob.digest === pair.second?.blob.digest) continue;
        const found = await comparePair([first, second], pair, signal, look);
        const at = {
          layer: layer.blob.digest,
          layerIndex,
          platform,
          line: undefined,
          ...lineOf(layer),
          instruction: layer.createdBy,
        };
        differences.push(...found.listed.map((one) => ({ ...one, ...at })));
        omitted += found.omitted;
      }
    }
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

function pairsOf(a: OpenedPlatform, b: OpenedPlatform): readonly LayerPair[] {
  return pairLayers(tracedLayers(a.layers, a.config), tracedLayers(b.layers, b.config));
}

type FoundInLayer = { readonly listed: readonly Found[]; readonly omitted: number };

/** Differences of two layers. Throws UserError for an unreadable one. */
async function comparePair(
  images: readonly [OpenedImage, OpenedImage],
  { first, second }: LayerPair,
  signal: AbortSignal,
  look: LookDeeper | undefined,
): Promise<FoundInLayer> {
  const whole = (detail: string, name: 'other-layers' | 'compression'): FoundInLayer => ({
    listed: [{ path: '', kind: 'layers', detail, ...classNamed(name) }],
    omitted: 0,
  });
  if (first === undefined || second === undefined) {
    const layer = first ?? second;
    const which = first === undefined ? 'second' : 'first';
    return whole(
      `only in the ${which}: ${layer?.createdBy ?? layer?.diffId ?? ''}`,
      'other-layers',
    );
  }
  if (first.diffId === second.diffId)
    return whole('the same content, compressed differently', 'compression');
  const read = async <T>(collector: () => LayerCollector<T>): Promise<readonly [T, T]> => [
    await walk(images[0], first, collector(), signal),
    await walk(images[1], second, collector(), signal),
  ];
  const found = compareEntries(...(await read(entryRecorder)));
  const listed = found.slice(0, MOST_LISTED);
  const wanted = contentsWanted(listed);
  const contents = wanted.size === 0 ? [] : await read(() => contentReader(wanted));
  const explanations: Found[] = [];
  for (const one of listed) {
    const [a, b] = contents.map((all) => all.get(one.path));
    explanations.push(await explained(one, a, b, look));
  }
  return { listed: explanations, omitted: found.length - listed.length };
}

async function explained(
  { path, kinds, first, second }: EntryDifference,
  a: Uint8Array | undefined,
  b: Uint8Array | undefined,
  look: LookDeeper | undefined,
): Promise<Found> {
  const isRead = a !== undefined && b !== undefined;
  const content = isRead ? packedDifference(path, a, b) : undefined;
  const types = first === undefined || second === undefined ? [] : [first.type, second.type];
  const detail = [...kinds.map((one) => said(one, first, second)), content?.detail ?? []].flat();
  const deeper =
    isRead && content !== undefined ? await look?.(path, content.format, a, b) : undefined;
  const kind = kinds[0] ?? 'content';
  const about = { path, kind, detail: detail.join('; ') };
  return { ...about, ...classOf(path, kinds, content, types), ...given({ deeper }) };
}

function said(
  kind: DifferenceKind,
  a: EntryRecord | undefined,
  b: EntryRecord | undefined,
): string {
  if (a === undefined) return 'only in the second';
  if (b === undefined) return kind === 'order' ? 'order' : 'only in the first';
  const shown = SHOWN[kind];
  return shown === undefined ? kind : `${shown.what}${shown.of(a)} and ${shown.of(b)}`;
}

const SHOWN: Readonly<
  Partial<Record<DifferenceKind, { what: string; of: (one: EntryRecord) => string }>>
> = {
  mode: { what: 'mode ', of: ({ mode }) => mode.toString(8) },
  owner: { what: 'owner ', of: ({ uid, gid }) => `${uid}:${gid}` },
  mtime: { what: 'time ', of: ({ mtime }) => timeText(mtime) },
  type: { what: '', of: ({ type }) => type },
  link: { what: 'link to ', of: ({ linkname }) => linkname || 'nothing' },
};

function timeText(seconds: number): string {
  const milliseconds = seconds * 1000;
  return Math.abs(milliseconds) <= 8.64e15 ? new Date(milliseconds).toISOString() : `${seconds}`;
}

/** Files with different content, small enough to keep singly and together. */
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

function contentReader(wanted: ReadonlySet<string>): LayerCollector<Map<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  return {
    name: 'contents',
    wants: ({ path }) => (wanted.has(path) ? { want: 'all', cap: MOST_CONTENT } : { want: 'none' }),
    visit: ({ path }, content) => {
      if (wanted.has(path)) contents.set(path, Buffer.from(content ?? []));
    },
    finish: () => contents,
  };
}

async function walk<T>(
  image: OpenedImage,
  { blob, diffId }: TracedLayer,
  collector: LayerCollector<T>,
  signal: AbortSignal,
): Promise<T> {
  await walkLayer({
    open: () => image.openLayer(blob),
    mediaType: blob.mediaType,
    collectors: [collector],
    expectedDigest: blob.digest,
    expectedDiffId: diffId,
    signal,
  });
  return collector.finish();
}

/** The Dockerfile line of each layer of the image built from it, and the stage it copies from. */
export function linesOf(
  dockerfile: DockerfileModel | undefined,
  { platforms }: OpenedImage,
): LineOf | undefined {
  if (dockerfile === undefined) return undefined;
  const lines = new Map<string, number>();
  for (const { layers, config } of platforms) {
    const traced = tracedLayers(layers, config);
    const made = traced.map(({ createdBy }) => createdBy);
    for (const [i, line] of layerLines(dockerfile, made).entries())
      if (line !== undefined) lines.set(traced[i]?.blob.digest ?? '', line);
  }
  return ({ blob }) => {
    const line = lines.get(blob.digest);
    const copiedFrom = line === undefined ? undefined : copiedStage(dockerfile, line);
    return { line, ...given({ copiedFrom }) };
  };
}

export function builtImage(
  store: LayoutStore,
  name: string,
  root: Descriptor,
): Promise<OpenedImage> {
  return openBlobImage({ name, place: 'store', blobs: store.blobs, root, entries: [] });
}

/**
 * Compares two builds of one Dockerfile as its own phase; lines are those of the first build. Of
 * `onePlan`, their indexes have to be the same too. Throws as `compareImages` does.
 */
export function compareBuilds(
  context: PipelineContext,
  dockerfile: DockerfileModel | undefined,
  [first, second]: readonly [OpenedImage, OpenedImage],
  look: LookDeeper | undefined,
  { onePlan }: { readonly onePlan: boolean },
): Promise<ImageComparison> {
  return phase(
    context,
    'compare',
    async () => {
      const found = await compareImages(context, first, second, linesOf(dockerfile, first), look);
      return onePlan ? withIndexes(found) : found;
    },
    ({ reproducible, differences, omitted }) => ({
      detail: reproducible ? 'the same' : quantity(differences.length + omitted, 'difference'),
    }),
  );
}

/** What an index lists besides the platforms are attestations. */
function withIndexes(found: ImageComparison): ImageComparison {
  if (!found.reproducible || found.first.digest === found.second.digest) return found;
  const detail = 'the same platforms, and other attestations in the index';
  const at = { ...OUTSIDE, platform: '', path: '', kind: 'layers' } as const;
  return { ...found, reproducible: false, differences: [{ ...at, detail, ...UNEXPLAINED }] };
}
