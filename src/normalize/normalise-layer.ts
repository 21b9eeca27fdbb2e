import { createHash } from 'node:crypto';
import { TarError } from '../image/tar/tar-header.ts';
import { TarReader } from '../image/tar/tar-reader.ts';
import { TAR_END } from '../image/tar/tar-writer.ts';
import { MEDIA_TYPE } from '../model/image.ts';
import { type Digest, digestOf } from '../model/reference.ts';
import type { RuleSet } from './catalogue.ts';
import {
  type Compression,
  LayerCompressor,
  openPool,
  type PieceCompressor,
  type PieceSink,
  sha256,
  type Write,
} from './compressor.ts';
import { LayerRewriter, type Output, type Report, type Touched } from './layer-rewriter.ts';
import { NO_TRAIL, StampLedger, type TimeTrail } from './rule.ts';
import { ZstdCompressor } from './zstd-compressor.ts';

/** Largest file that is kept in memory for a rule that needs all of it, in bytes. */
const MAX_BUFFERED = 64 * 2 ** 20;

export interface LayerInput {
  /** The layer's uncompressed tar. Opened once; again only if a hard link's file was left out. */
  readonly open: () => AsyncIterable<Uint8Array>;
  /** The same from a given byte on, where that needs no reading of what lies before. */
  readonly openAt?: (start: number) => AsyncIterable<Uint8Array>;
  /** Seconds since 1970: no time is to be later. */
  readonly epoch: number;
  /** The layer is a COPY's or an ADD's (`layerKinds`): all its times become the epoch. */
  readonly copied: boolean;
  readonly rules: RuleSet;
  /** The default is gzip. */
  readonly compression?: Compression;
  /** Takes the compressed bytes; waited for. */
  readonly write: Write;
  /** Sees the plain bytes that are written, each for the time of the call. */
  readonly onPlain?: ((plain: Uint8Array) => void) | undefined;
  /** What the own layer below left (`NormalisedLayer.trail`); nothing for the first. */
  readonly earlier?: TimeTrail;
  /** The time RUNs saw for all later files, in seconds since 1970; none if they saw true ones. */
  readonly fileTime?: number | undefined;
  readonly maxBuffered?: number;
  /** Where pieces are compressed; the default starts threads for large layers. */
  readonly pool?: () => PieceCompressor;
}

/** Plain JSON: may be kept under `layerKey` and used again together with the blob. */
export interface NormalisedLayer {
  readonly digest: Digest;
  /** Compressed bytes. */
  readonly size: number;
  readonly diffId: Digest;
  readonly mediaType: string;
  /** sha256 of what `open` gave: to be compared with the digest that was asked for. */
  readonly sourceDiffId: Digest;
  readonly changed: boolean;
  /** Files whose presence or content a rule changed; times of entries are not listed. */
  readonly touched: readonly Touched[];
  readonly reports: readonly Report[];
  readonly trail: TimeTrail;
}

/**
 * Rewrites a layer in one pass so that the same build gives the same bytes. Order and attributes
 * stay, except where rules change them. Memory is bounded by `maxBuffered`, not by the size of
 * files. Throws TarError if the layer is not a tar.
 */
export async function normaliseLayer(input: LayerInput): Promise<NormalisedLayer> {
  const { epoch, copied, earlier, fileTime } = input;
  const stamps = new StampLedger({ epoch, copied, earlier, fileTime });
  const rewriter = new LayerRewriter({
    rules: input.rules.rules,
    epoch,
    copied,
    stamps,
    maxBuffered: input.maxBuffered ?? MAX_BUFFERED,
  });
  const isZstd = input.compression === 'zstd';
  const compressor = isZstd
    ? await ZstdCompressor.open(input.write)
    : new LayerCompressor(input.write, input.pool ?? openPool);
  try {
    const sourceDiffId = await rewrite(input, rewriter, compressor);
    const compressed = await compressor.finish();
    return {
      ...compressed,
      mediaType: isZstd ? MEDIA_TYPE.layerZstd : MEDIA_TYPE.layerGzip,
      sourceDiffId,
      changed: compressed.diffId !== sourceDiffId,
      touched: rewriter.touched,
      reports: rewriter.reports,
      trail: input.rules.rules.length === 0 ? (earlier ?? NO_TRAIL) : stamps.trail(),
    };
  } finally {
    await compressor.close();
  }
}

/** All that a layer's result depends on, as one hex name: for caches of results. */
export function layerKey(
  layer: Pick<LayerInput, 'epoch' | 'copied' | 'rules' | 'earlier' | 'compression' | 'fileTime'> & {
    sourceDiffId: Digest;
  },
): string {
  const { sourceDiffId, epoch, copied, rules, earlier, compression, fileTime } = layer;
  const other = [...(compression === 'zstd' ? [compression] : []), ...(fileTime ? [fileTime] : [])];
  const parts = [sourceDiffId, epoch, copied, rules.id, earlier ?? NO_TRAIL, ...other];
  return digestOf(JSON.stringify(parts)).slice('sha256:'.length);
}

async function rewrite(
  input: LayerInput,
  rewriter: LayerRewriter,
  compressor: PieceSink,
): Promise<Digest> {
  const source = createHash('sha256');
  const reader = new TarReader(rewriter);
  const push = (plain: Uint8Array): Promise<void> => {
    input.onPlain?.(plain);
    return compressor.push(plain);
  };
  for await (const chunk of input.open()) {
    source.update(chunk);
    reader.push(chunk);
    for (const output of rewriter.take())
      if (output instanceof Uint8Array) await push(output);
      else for await (const bytes of partOf(input, output)) await push(bytes);
  }
  reader.end();
  await push(TAR_END);
  return sha256(source.digest('hex'));
}

/** A part of the layer, read again. Throws TarError where it ends before. */
async function* partOf(
  { open, openAt }: LayerInput,
  { from, size }: Exclude<Output, Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let [skip, left] = [openAt === undefined ? from : 0, size];
  if (left === 0) return;
  for await (const chunk of openAt?.(from) ?? open()) {
    const bytes = chunk.subarray(skip, skip + left);
    skip = Math.max(0, skip - chunk.length);
    left -= bytes.length;
    if (bytes.length > 0) yield bytes;
    if (left === 0) return;
  }
  throw new TarError('a file is shorter than its header says');
}
