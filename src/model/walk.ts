import type { Digest } from './digest.ts';
import type { TarEntry } from './tar.ts';

/**
 * What a collector wants of an entry's content: none, the first `bytes`, all up to a cap, or every
 * byte as it comes, whatever the size: then its `chunk` is called with each piece and nothing is
 * held for it.
 */
export type ContentRequest =
  | { readonly want: 'none' }
  | { readonly want: 'head'; readonly bytes: number }
  | { readonly want: 'all'; readonly cap: number }
  | { readonly want: 'stream' };

/** An entry of a layer with its normalised path: no leading slash, no `..`, no trailing slash. */
export interface LayerEntry {
  readonly path: string;
  readonly entry: TarEntry;
}

/**
 * Reads what it wants of one layer, entry by entry, in one pass; `finish` gives its facts as plain
 * JSON. `wants` is asked before content is read; `visit` gets what was asked for (shorter where the
 * file is), valid during the call only, `truncated` where the file is larger than asked.
 */
export interface LayerCollector<T> {
  readonly name: string;
  readonly wants: (entry: LayerEntry) => ContentRequest;
  /**
   * The next bytes of an entry that was wanted as a stream, a view valid only during the call.
   * `visit` then ends the entry, without content.
   */
  readonly chunk?: (bytes: Uint8Array) => void;
  readonly visit: (entry: LayerEntry, content: Uint8Array | undefined, truncated: boolean) => void;
  readonly finish: () => T;
}

/** Where a blob's bytes are in a file: a layout's own file, or part of an uncompressed archive. */
export interface FileRange {
  readonly path: string;
  readonly start: number;
  readonly length: number;
}

/** A layer as read, with digests computed from it: of the blob and of its uncompressed bytes. */
export interface WalkedLayer {
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly entries: number;
}
