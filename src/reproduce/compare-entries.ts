import { createHash, type Hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { layerPath, TarError } from '../image/tar/tar-header.ts';
import { TarReader } from '../image/tar/tar-reader.ts';
import type {
  Descriptor,
  ImageConfig,
  LayerCollector,
  LayerEntry,
  Manifest,
  TarEntry,
} from '../model/image.ts';
import type { Digest } from '../model/reference.ts';
import type {
  ContentDifference,
  DifferenceKind,
  EntryDifference,
  EntryRecord,
  ImageDifference,
} from '../model/report.ts';
import { contentDifference, listedNames } from './content-difference.ts';

/** Records every entry of a layer in order, each content by its digest: none is kept in memory. */
export function entryRecorder(): LayerCollector<readonly EntryRecord[]> {
  const records: EntryRecord[] = [];
  let hash: Hash | undefined;
  return {
    name: 'entries',
    wants: ({ entry }) => (entry.size > 0 ? { want: 'stream' } : { want: 'none' }),
    chunk: (bytes) => {
      (hash ??= createHash('sha256')).update(bytes);
    },
    visit: (found) => {
      records.push(recordOf(found, hash));
      hash = undefined;
    },
    finish: () => records,
  };
}

function recordOf({ path, entry }: LayerEntry, hash: Hash | undefined): EntryRecord {
  const hasContent = entry.type === 'file' || entry.type === 'other';
  const content = hasContent
    ? (`sha256:${(hash ?? createHash('sha256')).digest('hex')}` as Digest)
    : undefined;
  return {
    path,
    type: entry.type,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    uname: entry.uname,
    gname: entry.gname,
    size: entry.size,
    mtime: entry.mtime,
    link: entry.linkname,
    devmajor: entry.devmajor,
    devminor: entry.devminor,
    pax: entry.pax,
    ...(content === undefined ? {} : { content }),
  };
}

/**
 * What is not the same in two layers, in the first's order, then what only the second has. An entry
 * that comes twice in a layer counts by its last, as when it is unpacked; where all entries agree
 * and their order does not, the first that is out of place is named.
 */
export function compareEntries(
  first: readonly EntryRecord[],
  second: readonly EntryRecord[],
): readonly EntryDifference[] {
  const before = new Map(first.map((record) => [record.path, record]));
  const after = new Map(second.map((record) => [record.path, record]));
  const differences: EntryDifference[] = [];
  for (const record of before.values()) {
    const other = after.get(record.path);
    const kinds = other === undefined ? (['presence'] as const) : kindsOf(record, other);
    if (kinds.length > 0)
      differences.push({ path: record.path, kinds, first: record, second: other });
  }
  for (const record of after.values())
    if (!before.has(record.path))
      differences.push({
        path: record.path,
        kinds: ['presence'],
        first: undefined,
        second: record,
      });
  return differences.length > 0 ? differences : outOfPlace(first, second);
}

/** In what two records of one path are not the same; empty where they are. */
function kindsOf(a: EntryRecord, b: EntryRecord): readonly DifferenceKind[] {
  const kinds: DifferenceKind[] = [];
  const note = (kind: DifferenceKind, differs: boolean): void => {
    if (differs) kinds.push(kind);
  };
  note('type', a.type !== b.type);
  note('content', a.content !== b.content || a.size !== b.size);
  note('link', a.link !== b.link);
  note('mode', a.mode !== b.mode);
  note('owner', a.uid !== b.uid || a.gid !== b.gid || a.uname !== b.uname || a.gname !== b.gname);
  note('mtime', a.mtime !== b.mtime);
  note('attributes', !isDeepStrictEqual(a.pax, b.pax));
  note('device', a.devmajor !== b.devmajor || a.devminor !== b.devminor);
  return kinds;
}

function outOfPlace(
  first: readonly EntryRecord[],
  second: readonly EntryRecord[],
): readonly EntryDifference[] {
  const at = first.findIndex((record, i) => record.path !== second[i]?.path);
  const place = at >= 0 ? at : first.length < second.length ? first.length : -1;
  const record = first[place] ?? second[place];
  if (record === undefined) return [];
  return [{ path: record.path, kinds: ['order'], first: first[place], second: second[place] }];
}

/** Bytes to which either side may unpack; what is larger is described by its outside. */
const MOST_UNPACKED = 32 * 1024 * 1024;

/**
 * Where two contents differ: as `contentDifference` has it, and of a tar, compressed by gzip or
 * not, in which of its members; of other files of gzip and brotli in what is compressed.
 */
export function packedDifference(
  path: string,
  first: Uint8Array,
  second: Uint8Array,
): ContentDifference {
  const outside = contentDifference(path, first, second);
  const brotli = /^(?:binary|text)$/.test(outside.format) && path.endsWith('.br');
  if (outside.format === 'binary' && !brotli) {
    const members = tarDifference(first, second);
    return members === undefined ? outside : { format: 'tar', detail: members };
  }
  // What the header says is enough where nothing else differs.
  if ((outside.format !== 'gzip' && !brotli) || /^gzip header: [^;]*$/.test(outside.detail))
    return outside;
  const unpack = brotli ? brotliDecompressSync : gunzipSync;
  const [a, b] = [unpacked(unpack, first), unpacked(unpack, second)];
  if (a === undefined || b === undefined) return outside;
  if (Buffer.compare(a, b) === 0)
    return { ...outside, detail: `${outside.detail}: the same content, compressed differently` };
  const inside = tarDifference(a, b) ?? insideOf(path, a, b);
  return brotli
    ? { format: 'brotli', detail: `brotli: ${inside}` }
    : { ...outside, detail: `gzip: ${inside}` };
}

function insideOf(path: string, first: Uint8Array, second: Uint8Array): string {
  const { format, detail } = contentDifference(path.replace(/\.(?:gz|br)$/i, ''), first, second);
  return format === 'text' || format === 'binary' ? `what is compressed, ${detail}` : detail;
}

function unpacked(unpack: typeof gunzipSync, bytes: Uint8Array): Uint8Array | undefined {
  try {
    return unpack(bytes, { maxOutputLength: MOST_UNPACKED });
  } catch {
    // Damaged, larger than that, or something else behind such a header or name: its outside is
    // described.
    return undefined;
  }
}

/** Undefined where one of them is not a tar. */
function tarDifference(first: Uint8Array, second: Uint8Array): string | undefined {
  const [before, after] = [membersOf(first), membersOf(second)];
  if (before === undefined || after === undefined) return undefined;
  const names: Record<'content' | 'time' | 'owner or mode' | 'order', string[]> = {
    content: [],
    time: [],
    'owner or mode': [],
    order: [],
  };
  for (const { path, kinds } of compareEntries(before, after)) names[groupOf(kinds)].push(path);
  const parts = Object.entries(names).flatMap(([what, paths]) =>
    paths.length === 0 ? [] : [`${what} of ${listedNames(paths.map((path) => path || '.'))}`],
  );
  return parts.length === 0 ? undefined : `tar: ${parts.join('; ')}`;
}

function groupOf(kinds: readonly DifferenceKind[]): 'content' | 'time' | 'owner or mode' | 'order' {
  if (kinds.includes('order')) return 'order';
  if (kinds.every((kind) => kind === 'mtime' || kind === 'attributes')) return 'time';
  const isOnOutside = kinds.every((kind) =>
    ['mtime', 'mode', 'owner', 'attributes'].includes(kind),
  );
  return isOnOutside ? 'owner or mode' : 'content';
}

function membersOf(bytes: Uint8Array): readonly EntryRecord[] | undefined {
  if (Buffer.from(bytes.subarray(257, 262)).toString('latin1') !== 'ustar') return undefined;
  const recorder = entryRecorder();
  let open: TarEntry | undefined;
  const reader = new TarReader({
    onEntry: (entry) => {
      open = entry;
    },
    onContent: (chunk) => recorder.chunk?.(chunk),
    onEntryEnd: () => {
      if (open !== undefined)
        recorder.visit({ path: layerPath(open.name) ?? open.name, entry: open }, undefined, false);
    },
  });
  try {
    reader.push(bytes);
    reader.end();
    return recorder.finish();
  } catch (error) {
    if (error instanceof TarError) return undefined;
    throw error;
  }
}

/** A layer with the instruction that wrote it, as the image's history has it. */
export interface TracedLayer {
  readonly blob: Descriptor;
  readonly diffId: Digest;
  readonly createdBy: string | undefined;
}

export interface LayerPair {
  readonly first: TracedLayer | undefined;
  readonly second: TracedLayer | undefined;
}

/** Layers with their non-empty history entries, in order (OCI image-spec, config.md, "history"). */
export function tracedLayers(
  layers: readonly { readonly blob: Descriptor; readonly diffId: Digest }[],
  config: ImageConfig,
): readonly TracedLayer[] {
  const written = (config.history ?? []).filter((entry) => entry.empty_layer !== true);
  // A history that does not fit says nothing of which layer is whose.
  const fits = written.length === layers.length;
  return layers.map((layer, i) => ({
    ...layer,
    createdBy: fits ? written[i]?.created_by : undefined,
  }));
}

/**
 * Which layer of one image to compare with which of the other: the same instruction where the
 * histories say so, else the same place. The longest common sequence of instructions; what is left
 * over stands alone.
 */
export function pairLayers(
  first: readonly TracedLayer[],
  second: readonly TracedLayer[],
): readonly LayerPair[] {
  const known = [...first, ...second].every(({ createdBy }) => createdBy !== undefined);
  if (first.length === second.length || !known || first.length * second.length > 1_000_000)
    return Array.from({ length: Math.max(first.length, second.length) }, (_, i) => ({
      first: first[i],
      second: second[i],
    }));
  return bySequence(first, second);
}

function bySequence(
  first: readonly TracedLayer[],
  second: readonly TracedLayer[],
): readonly LayerPair[] {
  const width = second.length + 1;
  const lengths = new Uint16Array((first.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  const same = (i: number, j: number): boolean => first[i]?.createdBy === second[j]?.createdBy;
  for (let i = first.length - 1; i >= 0; i -= 1)
    for (let j = second.length - 1; j >= 0; j -= 1)
      lengths[i * width + j] = same(i, j)
        ? at(i + 1, j + 1) + 1
        : Math.max(at(i + 1, j), at(i, j + 1));
  const pairs: LayerPair[] = [];
  let i = 0;
  let j = 0;
  while (i < first.length || j < second.length) {
    if (i < first.length && j < second.length && same(i, j))
      pairs.push({ first: first[i++], second: second[j++] });
    else if (j >= second.length || (i < first.length && at(i + 1, j) >= at(i, j + 1)))
      pairs.push({ first: first[i++], second: undefined });
    else pairs.push({ first: undefined, second: second[j++] });
  }
  return pairs;
}

export interface Documents {
  readonly manifest: Manifest;
  readonly config: ImageConfig;
}

type Found = Pick<ImageDifference, 'path' | 'kind' | 'detail' | 'class' | 'cause' | 'remedy'>;

const LONGEST = 120;
const MOST = 200;

/**
 * What the documents of two images say differently, field by field: of the config all but the
 * layers' diffIDs, of the manifest its annotations. Differences that follow from the layers are the
 * layers'.
 */
export function configDifferences(a: Documents, b: Documents): readonly Found[] {
  const fields = [
    ...changed('config', withoutLayers(a.config), withoutLayers(b.config)),
    ...changed('annotations', a.manifest.annotations ?? {}, b.manifest.annotations ?? {}),
  ];
  return fields.slice(0, MOST).map(({ path, before, after }) => ({
    path,
    kind: 'config',
    detail: `${shown(path, before)} and ${shown(path, after)}`,
    ...reasonOf(path),
  }));
}

function withoutLayers(config: ImageConfig): unknown {
  return { ...config, rootfs: undefined };
}

interface Change {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

function changed(path: string, before: unknown, after: unknown): readonly Change[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isObject(before) || !isObject(after)) return [{ path, before, after }];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => changed(`${path}.${key}`, before[key], after[key]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** The value of a variable may be a secret; that it differs is enough. */
function shown(path: string, value: unknown): string {
  if (value === undefined) return 'nothing';
  if (path.startsWith('config.config.Env') || path.startsWith('config.history'))
    return `a value of ${JSON.stringify(value).length} characters`;
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function reasonOf(path: string): Pick<Found, 'class' | 'cause' | 'remedy'> {
  if (/created$/.test(path))
    return {
      class: 'created',
      cause: 'the time of the build, or of the commit',
      remedy: 'SOURCE_DATE_EPOCH, or build the same commit',
    };
  if (path.startsWith('config.history'))
    return {
      class: 'instructions',
      cause: 'other instructions, or other build arguments in them',
      remedy: 'build with the same Dockerfile and arguments',
    };
  if (path.startsWith('annotations') || path.includes('.Labels'))
    return {
      class: 'annotations',
      cause: 'labels and annotations from git or the configuration',
      remedy: 'build the same commit with the same configuration',
    };
  return {
    class: 'configuration',
    cause: 'the Dockerfile, its arguments or the base image set it differently',
    remedy: undefined,
  };
}
