// What `npm run bench` measures from the inside, bundled by it on the spot.
import { createReadStream } from 'node:fs';
import { collectLayer } from '../../src/facts/layer-files.ts';
import { walkLayer } from '../../src/image/walk/layer-walk.ts';
import type { Digest } from '../../src/model/reference.ts';
import { LayerCompressor } from '../../src/normalize/compressor.ts';

/** Reads layers (`path`, digest) as the inspection does, with all collectors; gives the number of entries. */
export async function inspectLayers(
  layers: readonly { readonly path: string; readonly digest: Digest }[],
): Promise<number> {
  let entries = 0;
  for (const { path, digest } of layers) {
    const collection = collectLayer();
    const walked = await walkLayer({
      open: () => createReadStream(path, { highWaterMark: 1 << 20 }),
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      collectors: collection.collectors,
      expectedDigest: digest,
    });
    collection.facts();
    entries += walked.entries;
  }
  return entries;
}

/** Compresses bytes as a layer is; gives the compressed size. */
export async function compress(bytes: Uint8Array): Promise<number> {
  const compressor = new LayerCompressor(() => undefined);
  try {
    for (let at = 0; at < bytes.length; at += 1 << 20)
      await compressor.push(bytes.subarray(at, at + (1 << 20)));
    return (await compressor.finish()).size;
  } finally {
    await compressor.close();
  }
}
