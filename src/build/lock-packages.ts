import { inspectPlatform } from '../grade/inspect-layers.ts';
import type { BlobStore } from '../image/blob-store.ts';
import { layersOf, openStored } from '../image/layout/open-layout.ts';
import type { PipelineContext } from '../model/context.ts';
import { platformNameOf } from '../model/image.ts';
import type { LockedPackages } from '../model/lock.ts';
import type { FinalImage } from './image-under-build.ts';
import { lockedPackages } from './plan-lock.ts';

/** Packages of each platform's own layers, or as `of` picks. */
export async function packagesOfImage(
  context: PipelineContext,
  blobs: BlobStore,
  image: FinalImage,
  of = lockedPackages,
): Promise<ReadonlyMap<string, LockedPackages>> {
  const stored = await openStored(blobs, image.index);
  const found = new Map<string, LockedPackages>();
  for (const platform of image.platforms) {
    const layers = layersOf(stored, platform);
    const packagesIn = async (part: typeof layers) => {
      const opened = { config: platform.config, layers: part };
      return (await inspectPlatform(context, stored, opened)).content.packages;
    };
    const all = await packagesIn(layers);
    const base = await packagesIn(layers.slice(0, platform.baseLayers));
    const name = platformNameOf({ ...platform, descriptor: platform.built.descriptor });
    found.set(name, of(all, base));
  }
  return found;
}
