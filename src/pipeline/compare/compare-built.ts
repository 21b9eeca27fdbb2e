import type { ImageComparison } from '../../model/difference.ts';
import type { DockerfileModel } from '../../model/dockerfile.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import { folderBlobs } from '../../oci/blobs/blob-source.ts';
import type { LayoutStore } from '../../oci/layout/layout-store.ts';
import { openBlobImage } from '../../oci/layout/open-layout.ts';
import { type PipelineContext, phase } from '../context.ts';
import { compareImages } from './compare-images.ts';
import type { LookDeeper } from './deeper-views.ts';
import { linesOf } from './lines-of-layers.ts';

/** An image that was built into the store, by its index or manifest. */
export function builtImage(
  store: LayoutStore,
  name: string,
  root: Descriptor,
): Promise<OpenedImage> {
  return openBlobImage({
    name,
    place: 'store',
    blobs: folderBlobs(store.blobs),
    root,
    entries: [],
  });
}

/**
 * Compares two builds of one Dockerfile as its own phase; lines are those of the first build.
 * Throws as `compareImages` does.
 */
export function compareBuilds(
  context: PipelineContext,
  dockerfile: DockerfileModel | undefined,
  [first, second]: readonly [OpenedImage, OpenedImage],
  look: LookDeeper | undefined,
): Promise<ImageComparison> {
  return phase(
    context,
    'compare',
    () => compareImages(context, first, second, linesOf(dockerfile, first), look),
    ({ reproducible, differences, omitted }) => ({
      detail: reproducible ? 'the same' : `${differences.length + omitted} differences`,
    }),
  );
}
