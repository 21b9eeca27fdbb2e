import type { Digest } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import { type Annotations, type Descriptor, MEDIA_TYPE, platformNameOf } from '../../model/oci.ts';
import { type BasePart, layerKinds } from '../../normalise/layer-kinds.ts';
import type { Compression } from '../../normalise/layer-sink.ts';
import { layerKey, type NormalisedLayer, normaliseLayer } from '../../normalise/normalise-layer.ts';
import { rebuildImage } from '../../normalise/rebuild.ts';
import type { RuleSet } from '../../normalise/rule-set.ts';
import type { BlobStore } from '../../oci/blobs/blob-store.ts';
import type { JsonCache } from '../../oci/layout/caches.ts';
import { plainLayer } from '../../oci/walk/plain-layer.ts';
import type { BuiltPlatform, FinalPlatform } from '../image-under-build.ts';
import type { FoundImage } from '../resolve-images.ts';

interface NormaliseRequest {
  readonly blobs: BlobStore;
  readonly cache: JsonCache;
  readonly rules: RuleSet;
  readonly compression: Compression;
  /** Seconds since 1970. */
  readonly epoch: number;
  /** `LayerInput.fileTime`. */
  readonly fileTime: number | undefined;
  /** RFC 3339. */
  readonly created: string;
  readonly annotations: (platform: string) => Annotations;
  /** Images that the build started from, as far as their layers are known. */
  readonly bases: readonly Pick<FoundImage, 'layers'>[];
  readonly signal: AbortSignal;
  /** Bytes of a layer's tar read so far, and in total (0 if BuildKit left it compressed). */
  readonly onRead?: (layer: Digest, done: number, total: number) => void;
}

/** Rewrites own layers, keeps base layers, renews config and manifest (repro.md, "layer epoch"). */
export async function normalisePlatform(
  built: BuiltPlatform,
  request: NormaliseRequest,
): Promise<{ readonly platform: FinalPlatform; readonly rewritten: number }> {
  const { blobs } = request;
  const base = baseOf(built, request.bases);
  const kinds = layerKinds(built.config, base);
  const layers: NormalisedLayer[] = [];
  let rewritten = 0;
  for (const [i, kind] of kinds.entries()) {
    if (kind.isBase) continue;
    request.signal.throwIfAborted();
    const done = await normaliseOne(built, i, kind.copied, layers.at(-1), request);
    layers.push(done.layer);
    if (!done.cached) rewritten += 1;
  }
  const name = platformNameOf(built);
  const { config, manifest } = rebuildImage({
    manifest: built.manifest,
    config: built.config,
    base,
    layers,
    epoch: request.epoch,
    created: request.created,
    annotations: request.annotations(name),
    ruleSetId: request.rules.id,
  });
  await blobs.write(config.bytes);
  await blobs.write(manifest.bytes);
  const files = (pick: 'touched' | 'reports'): FinalPlatform['touched'] =>
    layers.flatMap((layer) =>
      layer[pick].map(({ path, rule }) => ({ layer: layer.digest, path, rule })),
    );
  return {
    rewritten,
    platform: {
      built,
      descriptor: manifest.descriptor,
      manifest: JSON.parse(
        Buffer.from(manifest.bytes).toString('utf8'),
      ) as FinalPlatform['manifest'],
      config: JSON.parse(Buffer.from(config.bytes).toString('utf8')) as FinalPlatform['config'],
      baseLayers: base.layers,
      touched: files('touched'),
      reports: files('reports'),
    },
  };
}

async function normaliseOne(
  built: BuiltPlatform,
  index: number,
  copied: boolean,
  below: NormalisedLayer | undefined,
  request: NormaliseRequest,
): Promise<{ readonly layer: NormalisedLayer; readonly cached: boolean }> {
  const { blobs, cache, rules, epoch, compression, fileTime } = request;
  const sourceDiffId = built.config.rootfs.diff_ids[index];
  const source = built.manifest.layers[index];
  if (sourceDiffId === undefined || source === undefined)
    throw new UserError(`BuildKit's image ${built.descriptor.digest} has no layer ${index}`);
  const earlier = below === undefined ? {} : { earlier: below.trail };
  const key = layerKey({ sourceDiffId, epoch, copied, rules, compression, fileTime, ...earlier });
  const before = (await cache.get(key)) as NormalisedLayer | undefined;
  if (before !== undefined && (await blobs.size(before.digest)) === before.size)
    return { layer: before, cached: true };
  const writer = await blobs.createWriter();
  try {
    const layer = await normaliseLayer({
      open: () => read(source, blobs, request.onRead),
      ...(source.mediaType === MEDIA_TYPE.layer
        ? { openAt: (start: number) => blobs.openRead(source.digest, { start }) }
        : {}),
      epoch,
      copied,
      rules,
      compression,
      fileTime,
      ...earlier,
      write: (chunk) => {
        // A layer may take minutes; Ctrl-C does not wait for its end.
        request.signal.throwIfAborted();
        return writer.write(chunk);
      },
    });
    if (layer.sourceDiffId !== sourceDiffId)
      throw new UserError(
        `layer ${source.digest} in the layout is damaged: its content has another diffID`,
        {
          nextStep: 'scoville prune --all, then build again',
        },
      );
    await writer.commit(layer.digest);
    await cache.set(key, layer);
    return { layer, cached: false };
  } finally {
    await writer.abort();
  }
}

/**
 * The layer's tar, passed on as it is read. Read again only for a file in a compressed layer, which
 * must be read from the start.
 */
async function* read(
  { digest, mediaType, size }: Descriptor,
  blobs: BlobStore,
  onRead: NormaliseRequest['onRead'],
): AsyncIterable<Uint8Array> {
  const total = mediaType === MEDIA_TYPE.layer ? size : 0;
  let done = 0;
  for await (const chunk of plainLayer(blobs, digest)) {
    done += chunk.length;
    onRead?.(digest, done, total);
    yield chunk;
  }
}

/**
 * How much of the image is its base's: by the base's own diffIDs; where no base is known, by
 * BuildKit's export, which leaves base layers compressed and writes own ones as plain tar.
 */
function baseOf(built: BuiltPlatform, bases: NormaliseRequest['bases']): BasePart {
  const own = built.config.rootfs.diff_ids;
  const known = bases.flatMap(({ layers }) =>
    layers !== undefined && layers.every((diffId, i) => own[i] === diffId) ? [layers.length] : [],
  );
  const firstPlain = built.manifest.layers.findIndex(
    ({ mediaType }) => mediaType === MEDIA_TYPE.layer,
  );
  const layers = known.length > 0 ? Math.max(...known) : firstPlain < 0 ? own.length : firstPlain;
  return { layers, history: historyOf(built, layers) };
}

/** History entries up to the one of the base's last layer. */
function historyOf(built: BuiltPlatform, layers: number): number {
  let left = layers;
  const entries = built.config.history ?? [];
  const end = entries.findIndex((entry) => {
    if (left === 0) return true;
    if (entry.empty_layer !== true) left -= 1;
    return false;
  });
  return end < 0 ? entries.length : end;
}
