import type { Digest } from '../../model/digest.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { compressionOf, startDecompressor } from './decompress.ts';
import type { Decompressor } from './walk-decompressor.ts';

/** A stored layer's tar, decompressed, in chunks. Not verified: the reader knows the diffID. */
export async function* plainLayer(blobs: BlobStore, digest: Digest): AsyncIterable<Uint8Array> {
  const ready: Uint8Array[] = [];
  let decompressor: Decompressor | undefined;
  try {
    for await (const chunk of blobs.openRead(digest)) {
      if (decompressor === undefined) {
        const compression = compressionOf(chunk);
        // A decompressor uses its memory again.
        const keep = (plain: Uint8Array): void => {
          ready.push(compression === 'none' ? plain : new Uint8Array(plain));
        };
        decompressor = startDecompressor(compression, keep);
      }
      await decompressor.write(chunk);
      yield* ready.splice(0);
    }
    await decompressor?.end();
    yield* ready.splice(0);
  } finally {
    decompressor?.destroy();
  }
}
