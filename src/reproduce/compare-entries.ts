import { createHash, type Hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { diffArrays } from 'diff';
import { layerPath, TarError } from '../image/tar/tar-header.ts';
import { TarReader } from '../image/tar/tar-reader.ts';
import { isObject } from '../lib/json.ts';
import type {
  Descriptor,
  ImageConfig,
  LayerCollector,
  Manifest,
  TarEntry,
} from '../model/image.ts';
import type { Digest } from '../model/reference.ts';
import type { ContentDifference, DifferenceKind, ImageDifference } from '../model/report.ts';
import { classOfField } from './causes.ts';
import { contentDifference, listedNames } from './content-difference.ts';

/** All that a layer records about an entry. */
export interface EntryRecord extends TarEntry {
  readonly path: string;
  /** Of its content; undefined without content. */
  readonly content: Digest | undefined;
}

/** An entry that differs between two layers; `undefined` on the side that lacks it. */
export interface EntryDifference {
  readonly path: string;
  readonly kinds: readonly DifferenceKind[];
  readonly first: EntryRecord | undefined;
  readonly second: EntryRecord | undefined;
}

/**
 * Records every entry of a layer in order, with its content's digest; no content stays in memory.
 */
export function entryRecorder(): LayerCollector<readonly EntryRecord[]> {
  const records: EntryRecord[] = [];
  let hash: Hash | undefined;
  return {
    name: 'entries',
    wants: ({ entry }) => (entry.size > 0 ? { want: 'stream' } : { want: 'none' }),
    chunk: (bytes) => {
      (hash ??= createHash('sha256')).update(bytes);
    },
    visit: ({ path, entry }) => {
      const hasContent = entry.type === 'file' || entry.type === 'other';
      const hex = (): string => (hash ?? createHash('sha256')).digest('hex');
      records.push({
        ...entry,
        path,
        content: hasContent ? (`sha256:${hex()}` as Digest) : undefined,
      });
      hash = undefined;
    },
    finish: () => records,
  };
}

/**
 * Differences of two layers: in the first's order, then entries that only the second has. Of an
 * entry that comes twice, the last counts, as in unpacking. If only the order differs, the result
 * is the first entry out of place.
 */
export function compareEntries(
  first: readonly EntryRecord[],
  second: readonly EntryRecord[],
): readonly EntryDifference[] {
  const [before, after] = [first, second].map((all) => new Map(all.map((one) => [one.path, one])));
  const paths = new Set([...first, ...second].map(({ path }) => path));
  const found = [...paths].flatMap((path): EntryDifference[] => {
    const [a, b] = [before?.get(path), after?.get(path)];
    const kinds = a === undefined || b === undefined ? (['presence'] as const) : kindsOf(a, b);
    return kinds.length === 0 ? [] : [{ path, kinds, first: a, second: b }];
  });
  if (found.length > 0) return found;
  const length = Math.max(first.length, second.length);
  for (let i = 0; i < length; i += 1) {
    const [a, b] = [first[i], second[i]];
    if (a?.path !== b?.path)
      return [{ path: (a ?? b)?.path ?? '', kinds: ['order'], first: a, second: b }];
  }
  return [];
}

/** The fields of each kind of difference. */
const FIELDS: Readonly<Partial<Record<DifferenceKind, readonly (keyof EntryRecord)[]>>> = {
  type: ['type'],
  content: ['content', 'size'],
  link: ['linkname'],
  mode: ['mode'],
  owner: ['uid', 'gid', 'uname', 'gname'],
  mtime: ['mtime'],
  attributes: ['pax'],
  device: ['devmajor', 'devminor'],
};

/** Kinds of difference between two records of one path; may be empty. */
function kindsOf(a: EntryRecord, b: EntryRecord): readonly DifferenceKind[] {
  return Object.entries(FIELDS).flatMap(([kind, fields]) =>
    fields.every((field) => isDeepStrictEqual(a[field], b[field])) ? [] : [kind as DifferenceKind],
  );
}

/** Most bytes to unpack on either side; larger files are compared packed. */
const MOST_UNPACKED = 32 * 1024 * 1024;

/**
 * Where two contents differ, like `contentDifference`. Of a tar, with gzip or not: in which
 * members. Of other gzip and brotli files: in what is compressed.
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
  // A difference in the header is enough if nothing else differs.
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
    // Damaged, too large, or another format behind such a header or name: compared packed.
    return undefined;
  }
}

/** Undefined unless both are tars. */
function tarDifference(first: Uint8Array, second: Uint8Array): string | undefined {
  const [before, after] = [membersOf(first), membersOf(second)];
  if (before === undefined || after === undefined) return undefined;
  const found = compareEntries(before, after);
  const parts = ['content', 'time', 'owner or mode', 'order'].flatMap((what) => {
    const names = found.flatMap(({ path, kinds }) =>
      groupOf(kinds) === what ? [path || '.'] : [],
    );
    return names.length === 0 ? [] : [`${what} of ${listedNames(names)}`];
  });
  return parts.length === 0 ? undefined : `tar: ${parts.join('; ')}`;
}

function groupOf(kinds: readonly DifferenceKind[]): string {
  if (kinds.includes('order')) return 'order';
  const others = kinds.filter((kind) => kind !== 'mtime' && kind !== 'attributes');
  if (others.length === 0) return 'time';
  return others.every((kind) => kind === 'mode' || kind === 'owner') ? 'owner or mode' : 'content';
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

/** A layer with the instruction in the image's history. */
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
  // With another number of entries, the history does not show which is whose.
  const fits = written.length === layers.length;
  return layers.map((layer, i) => ({
    ...layer,
    createdBy: fits ? written[i]?.created_by : undefined,
  }));
}

/**
 * Which layers of two images to compare: those with the same instruction in the histories, else in
 * the same place. It is the longest common sequence of instructions; other layers stay alone.
 */
export function pairLayers(
  first: readonly TracedLayer[],
  second: readonly TracedLayer[],
): readonly LayerPair[] {
  const [before, after] = [first, second].map((all) => all.map(({ createdBy }) => createdBy));
  const isKnown = ![...(before ?? []), ...(after ?? [])].includes(undefined);
  if (first.length === second.length || !isKnown || first.length * second.length > 1_000_000)
    return Array.from({ length: Math.max(first.length, second.length) }, (_, i) => ({
      first: first[i],
      second: second[i],
    }));
  let [i, j] = [0, 0];
  return diffArrays(before ?? [], after ?? []).flatMap(({ added, removed, count }) =>
    Array.from({ length: count }, () => ({
      first: added ? undefined : first[i++],
      second: removed ? undefined : second[j++],
    })),
  );
}

export interface Documents {
  readonly manifest: Manifest;
  readonly config: ImageConfig;
}

type Found = Pick<ImageDifference, 'path' | 'kind' | 'detail' | 'class' | 'cause' | 'remedy'>;

const LONGEST = 120;
const MOST = 200;

/**
 * Differences of two images' documents, field by field: all of the config but the layers' diffIDs,
 * and the manifest's annotations. Fields that follow from layers are left to the layers.
 */
export function configDifferences(a: Documents, b: Documents): readonly Found[] {
  const fields = [
    ...changed('config', { ...a.config, rootfs: undefined }, { ...b.config, rootfs: undefined }),
    ...changed('annotations', a.manifest.annotations ?? {}, b.manifest.annotations ?? {}),
  ];
  return fields.slice(0, MOST).map(({ path, before, after }) => {
    const detail = `${shown(path, before)} and ${shown(path, after)}`;
    return { path, kind: 'config', detail, ...classOfField(path) };
  });
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

/** A variable's value may be a secret, so it is not shown. */
function shown(path: string, value: unknown): string {
  if (value === undefined) return 'nothing';
  if (path.startsWith('config.config.Env') || path.startsWith('config.history'))
    return `a value of ${JSON.stringify(value).length} characters`;
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
