import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { compareEntries } from '../../difference/compare-entries.ts';
import { contentDifference, listedNames } from '../../difference/content-difference.ts';
import { entryRecorder } from '../../difference/entry-recorder.ts';
import type { ContentDifference, DifferenceKind, EntryRecord } from '../../model/difference.ts';
import type { TarEntry } from '../../model/tar.ts';
import { layerPath } from '../../tar/path.ts';
import { TarReader } from '../../tar/reader.ts';
import { TarError } from '../../tar/tar-error.ts';

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
