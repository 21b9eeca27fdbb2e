import { Abandoned, PlainWriter } from '../../oci/walk/walk-ring.ts';
import { type BlobSource, layerError, unpackLayer } from '../../oci/walk/walk-unpack.ts';
import type { LayerRequest } from './read-layer.ts';

/**
 * Unpacks a layer for `readUnpacked` in another thread. Throws as that does, and Abandoned where the other has failed. Who searches for
 * secrets has more to do than who unpacks, and leaves the diffID to it.
 */
export async function unpackInto(
  shared: SharedArrayBuffer,
  { mediaType, digest, secrets }: LayerRequest,
  open: BlobSource['open'],
  onLargeWindow: () => void,
): Promise<void> {
  const source = { open, mediaType, expectedDigest: digest, hashesPlain: secrets, onLargeWindow };
  const writer = new PlainWriter(shared);
  try {
    writer.end(await unpackLayer(source, writer));
  } catch (error) {
    writer.fail();
    throw error instanceof Abandoned ? error : layerError(error, source);
  }
}
