import { configDifferences } from '../../difference/config-differences.ts';
import { pairLayers, type TracedLayer, tracedLayers } from '../../difference/pair-layers.ts';
import type { CopiedStage, ImageComparison, ImageDifference } from '../../model/difference.ts';
import { platformNameOf } from '../../model/oci.ts';
import type { OpenedImage, OpenedPlatform } from '../../model/opened-image.ts';
import type { PipelineContext } from '../context.ts';
import { compareLayers, type ComparedLayer, unpaired } from './compare-layers.ts';
import type { LookDeeper } from './deeper-views.ts';

/** The Dockerfile line of a first-image layer, if known, and the stage that it copies from. */
export type LineOf = (
  layer: TracedLayer,
) => { readonly line: number; readonly copiedFrom?: CopiedStage } | undefined;

/**
 * Compares two images, platform by platform: manifests first, and where those differ the config and
 * each layer down to the entry. What has one digest is not read. Throws UserError where a layer
 * cannot be read.
 */
export async function compareImages(
  context: Pick<PipelineContext, 'signal'>,
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
    const a = first.platforms.find((one) => platformNameOf(one) === platform);
    const b = second.platforms.find((one) => platformNameOf(one) === platform);
    platforms.push({
      platform,
      first: a?.descriptor.digest,
      second: b?.descriptor.digest,
    });
    if (a === undefined || b === undefined) {
      differences.push(onOneSide(platform, a === undefined ? 'second' : 'first'));
      continue;
    }
    if (a.descriptor.digest === b.descriptor.digest) continue;
    const sides = { first, second, a, b, platform, lineOf, look };
    const found = await comparePlatforms(context, sides);
    differences.push(...found.differences);
    omitted += found.omitted;
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

interface Sides {
  readonly first: OpenedImage;
  readonly second: OpenedImage;
  readonly a: OpenedPlatform;
  readonly b: OpenedPlatform;
  readonly platform: string;
  readonly lineOf: LineOf;
  readonly look: LookDeeper | undefined;
}

async function comparePlatforms(
  { signal }: Pick<PipelineContext, 'signal'>,
  { first, second, a, b, platform, lineOf, look }: Sides,
): Promise<{ readonly differences: readonly ImageDifference[]; readonly omitted: number }> {
  const outside = {
    layer: undefined,
    layerIndex: undefined,
    line: undefined,
    instruction: undefined,
  };
  const differences: ImageDifference[] = configDifferences(a, b).map((found) => ({
    ...found,
    ...outside,
    platform,
  }));
  let omitted = 0;
  const pairs = pairLayers(tracedLayers(a.layers, a.config), tracedLayers(b.layers, b.config));
  for (const [layerIndex, pair] of pairs.entries()) {
    signal.throwIfAborted();
    const layer = pair.first ?? pair.second;
    if (layer === undefined || pair.first?.blob.digest === pair.second?.blob.digest) continue;
    const found = await comparePair(first, second, pair, signal, look);
    const of = {
      layer: layer.blob.digest,
      layerIndex,
      platform,
      line: undefined,
      ...lineOf(layer),
      instruction: layer.createdBy,
    };
    differences.push(...found.differences.map((one) => ({ ...one, ...of })));
    omitted += found.omitted;
  }
  return { differences, omitted };
}

async function comparePair(
  first: OpenedImage,
  second: OpenedImage,
  pair: ReturnType<typeof pairLayers>[number],
  signal: AbortSignal,
  look: LookDeeper | undefined,
): Promise<ComparedLayer> {
  if (pair.first === undefined || pair.second === undefined) return unpaired(pair);
  if (pair.first.diffId === pair.second.diffId) return otherCompression();
  return compareLayers(
    { image: first, layer: pair.first },
    { image: second, layer: pair.second },
    signal,
    look,
  );
}

function otherCompression(): ComparedLayer {
  const difference = {
    path: '',
    kind: 'layers',
    detail: 'the same content, compressed differently',
    class: 'compression',
    cause: 'another compressor, or another version of it',
    remedy: 'build both with scoville, whose compressor gives the same bytes everywhere',
  } as const;
  return { differences: [difference], omitted: 0 };
}

function onOneSide(platform: string, side: 'first' | 'second'): ImageDifference {
  return {
    layer: undefined,
    layerIndex: undefined,
    platform,
    path: '',
    kind: 'layers',
    detail: `only the ${side} image has this platform`,
    class: 'platform',
    cause: 'the two were built for different platforms',
    remedy: '--platform',
    line: undefined,
    instruction: undefined,
  };
}
