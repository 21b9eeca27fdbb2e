import { classOf } from '../../difference/classes.ts';
import { compareEntries } from '../../difference/compare-entries.ts';
import { entryRecorder } from '../../difference/entry-recorder.ts';
import type { LayerPair, TracedLayer } from '../../difference/pair-layers.ts';
import type {
  ContentDifference,
  EntryDifference,
  EntryRecord,
  ImageDifference,
} from '../../model/difference.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import type { LayerCollector } from '../../model/walk.ts';
import { walkLayer } from '../../oci/walk/layer-walk.ts';
import type { LookDeeper } from './deeper-views.ts';
import { packedDifference } from './packed-difference.ts';

/** A layer, and the image that gives its bytes. */
interface LayerSide {
  readonly image: OpenedImage;
  readonly layer: TracedLayer;
}

export interface ComparedLayer {
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
export async function compareLayers(
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
export function unpaired({ first, second }: LayerPair): ComparedLayer {
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
