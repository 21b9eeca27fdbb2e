import { inParallel } from '../../model/in-parallel.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import { isForeign } from '../../oci/missing-layer.ts';

const AT_ONCE = 2;

/**
 * Reads every layer of an archive or layout directory: a registry and an engine check what they
 * take, a file was carried about. Throws UserError where one is missing, or is not what its digest
 * says.
 */
export async function checkBlobs(image: OpenedImage, signal: AbortSignal): Promise<void> {
  const { place, whole, platforms } = image;
  if (whole === undefined || (place !== 'archive' && place !== 'layout')) return;
  const layers = platforms.flatMap((platform) => platform.layers.map(({ blob }) => blob));
  const distinct = [...new Map(layers.map((blob) => [blob.digest, blob])).values()];
  await inParallel(distinct, AT_ONCE, async (blob) => {
    if (isForeign(blob) && !(await whole.content.has(blob.digest))) return;
    const bytes = whole.content.openRead(blob.digest, { size: blob.size });
    const reading = bytes[Symbol.asyncIterator]();
    while ((await reading.next()).done !== true) signal.throwIfAborted();
  });
}
