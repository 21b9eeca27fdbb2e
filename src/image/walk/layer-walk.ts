import { createHash, type Hash } from 'node:crypto';
import { UserError } from '../../lib/errors.ts';
import type {
  ContentRequest,
  LayerCollector,
  LayerEntry,
  TarEntry,
  WalkedLayer,
} from '../../model/image.ts';
import type { Digest } from '../../model/reference.ts';
import { quoted } from '../documents.ts';
import { layerPath } from '../tar/tar-header.ts';
import { type TarHandler, TarReader } from '../tar/tar-reader.ts';
import {
  type BlobSource,
  digestOfHash,
  layerError,
  type PlainSink,
  UNPACK_LIMITS,
  type UnpackedBlob,
  unpackLayer,
  type UnpackLimits,
} from './unpack-layer.ts';

const NONE: Uint8Array = new Uint8Array(0);
/** Content up to this size shares memory, entry after entry: the largest program read whole. */
const SHARED_BYTES = 4 * 2 ** 20;
/**
 * Linux takes 4,095 bytes, and an engine unpacks below a folder of its own, whose path counts too:
 * 57 bytes and more of containerd, 95 of overlay2. Shorter paths are all unpacked; of longer ones
 * it depends.
 */
const MAX_PATH = 4000;

interface EntryLimits {
  readonly maxEntries: number;
  /** Characters of all names and link targets together: collectors keep them. */
  readonly maxNameLength: number;
}

/** Hands entries to the collectors that want them, content cut to what each asked for. */
class EntryDispatch implements TarHandler {
  readonly #collectors: readonly LayerCollector<unknown>[];
  readonly #limits: EntryLimits;
  entries = 0;
  #nameLength = 0;
  #current: LayerEntry | undefined;
  #requested: number[] = [];
  /** Those that take the present entry as it comes. */
  #streams: LayerCollector<unknown>[] = [];
  /** Bytes of the entry that somebody wants; what lies behind is let go. */
  #wanted = 0;
  /** Bytes of the entry that have not come yet. */
  #left = 0;
  /** What of it is wanted: the reader's own memory where all lies in one piece, else a copy. */
  #held = NONE;
  #heldLength = 0;
  #memory = NONE;

  constructor(collectors: readonly LayerCollector<unknown>[], limits: EntryLimits) {
    this.#collectors = collectors;
    this.#limits = limits;
  }

  onEntry(entry: TarEntry): void {
    this.#count(entry);
    this.#current = undefined;
    const path = layerPath(entry.name);
    if (path === undefined)
      throw new UserError(`a layer names a path outside the image: ${quoted(entry.name)}`);
    if (path.length > MAX_PATH)
      throw new UserError(
        `a layer names a path longer than ${MAX_PATH} bytes, which engines do not unpack: ${quoted(path)}`,
      );
    if (path === '') {
      if (entry.type !== 'directory' && entry.name.startsWith('/'))
        throw new UserError('a layer replaces the root of the image, which no engine unpacks');
      return;
    }
    const current = { path, entry };
    this.#current = current;
    if (this.#streams.length > 0) this.#streams = [];
    this.#requested = this.#collectors.map((collector) => {
      const request = collector.wants(current);
      if (request.want === 'stream') this.#streams.push(collector);
      return requestedBytes(request);
    });
    this.#wanted = Math.min(entry.size, Math.max(0, ...this.#requested));
    this.#left = entry.size;
  }

  onContent(chunk: Uint8Array): void {
    if (this.#current === undefined) return;
    this.#left -= chunk.length;
    for (const collector of this.#streams) collector.chunk?.(chunk);
    if (this.#heldLength >= this.#wanted) return;
    const part = chunk.subarray(0, this.#wanted - this.#heldLength);
    // The reader's memory is used again before the entry ends, unless the entry ends here.
    if (this.#left === 0 && this.#heldLength === 0) this.#held = part;
    else {
      if (this.#heldLength === 0) this.#held = this.#memoryFor(this.#wanted);
      this.#held.set(part, this.#heldLength);
    }
    this.#heldLength += part.length;
  }

  onEntryEnd(): void {
    const current = this.#current;
    if (current === undefined) return;
    const content = this.#held.subarray(0, this.#heldLength);
    this.#collectors.forEach((collector, i) => {
      const wish = this.#requested[i] ?? 0;
      const part = content.length > wish ? content.subarray(0, wish) : content;
      const got = wish === 0 ? undefined : part;
      collector.visit(current, got, got !== undefined && current.entry.size > wish);
    });
    this.#current = undefined;
    this.#held = NONE;
    this.#heldLength = 0;
  }

  #memoryFor(bytes: number): Uint8Array {
    if (bytes > SHARED_BYTES) return new Uint8Array(bytes);
    if (this.#memory.length === 0) this.#memory = new Uint8Array(SHARED_BYTES);
    return this.#memory;
  }

  #count({ name, linkname }: TarEntry): void {
    const { maxEntries, maxNameLength } = this.#limits;
    if (++this.entries > maxEntries)
      throw new UserError(`a layer contains more than ${maxEntries} entries`);
    this.#nameLength += name.length + linkname.length;
    if (this.#nameLength > maxNameLength)
      throw new UserError(`the names in a layer are longer than ${maxNameLength} characters`);
  }
}

function requestedBytes(wish: ContentRequest): number {
  switch (wish.want) {
    case 'none':
    case 'stream':
      return 0;
    case 'head':
      return wish.bytes;
    case 'all':
      return wish.cap;
  }
}

export type WalkLimits = EntryLimits & UnpackLimits;

const WALK_LIMITS: WalkLimits = {
  ...UNPACK_LIMITS,
  maxEntries: 4_000_000,
  maxNameLength: 256 * 2 ** 20,
};

export interface LayerSource extends BlobSource {
  readonly collectors: readonly LayerCollector<unknown>[];
  readonly expectedDiffId?: Digest;
  readonly limits?: Partial<WalkLimits>;
}

/**
 * Reads a layer once: decompresses, hashes blob and plain bytes, hands every entry to the
 * collectors. What the collectors gathered counts only when this resolves: digests are known at the
 * end. Throws UserError where a digest differs, the layer is malformed, names a path outside the
 * image, or goes over a limit. Nothing is written anywhere. `unpack`: another thread does that
 * part.
 */
export async function walkLayer(
  source: LayerSource,
  unpack: (sink: PlainSink) => Promise<UnpackedBlob> = (sink) => unpackLayer(source, sink),
): Promise<WalkedLayer> {
  const walk = new Walk(source);
  try {
    return walk.finish(await unpack(walk));
  } catch (error) {
    throw layerError(error, source);
  }
}

/** Takes a layer's plain bytes; `finish` gives its digests, once they are known. */
export class Walk implements PlainSink {
  readonly #expectedDiffId: Digest | undefined;
  readonly #dispatch: EntryDispatch;
  readonly #tar: TarReader;
  #hash: Hash | undefined = createHash('sha256');

  constructor(source: Pick<LayerSource, 'collectors' | 'limits' | 'expectedDiffId'>) {
    this.#expectedDiffId = source.expectedDiffId;
    this.#dispatch = new EntryDispatch(source.collectors, { ...WALK_LIMITS, ...source.limits });
    this.#tar = new TarReader(this.#dispatch);
  }

  start(isHashed: boolean): void {
    if (isHashed) this.#hash = undefined;
  }

  push(chunk: Uint8Array): void {
    this.#hash?.update(chunk);
    this.#tar.push(chunk);
  }

  finish({ digest, diffId: known }: UnpackedBlob): WalkedLayer {
    this.#tar.end();
    const diffId = known ?? (this.#hash === undefined ? digest : digestOfHash(this.#hash));
    if (this.#expectedDiffId !== undefined && diffId !== this.#expectedDiffId)
      throw new UserError(
        `layer ${digest} unpacks to ${diffId} where the image config says ${this.#expectedDiffId}`,
      );
    return { digest, diffId, entries: this.#dispatch.entries };
  }
}
