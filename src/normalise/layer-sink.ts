import { type Digest, parseDigest } from '../model/digest.ts';

export type Write = (chunk: Uint8Array) => Promise<void> | void;

/** How own layers are compressed; each has bytes that depend on the input alone. */
export type Compression = 'gzip' | 'zstd';

/** What came out: sha256 and length of the compressed file, sha256 of what it unpacks to. */
export interface Compressed {
  readonly digest: Digest;
  readonly size: number;
  readonly diffId: Digest;
}

/** Takes a layer's tar and writes it compressed. `close` has to be called in every case. */
export interface LayerSink {
  /** Takes the next bytes; they may be used again once the promise is kept. */
  push(chunk: Uint8Array): Promise<void>;
  finish(): Promise<Compressed>;
  close(): Promise<void>;
}

export function sha256(hex: string): Digest {
  const digest = parseDigest(`sha256:${hex}`);
  if (digest === undefined) throw new Error('no sha256');
  return digest;
}
