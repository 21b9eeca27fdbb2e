import type { Digest } from '../model/digest.ts';
import type { BlobStore } from './blob-store.ts';
import { compressionOf, type Decompressor, startDecompressor } from './decompress.ts';

/** A stored layer's tar, decompressed where it is compressed, in chunks. The digest is not verified: the reader of it knows the diffID. */
export async function* plainLayer(blobs: BlobStore, digest: Digest): AsyncIterable<Uint8Array> {
  const ready: Uint8Array[] = [];
  let decompressor: Decompressor | undefined;
  try {
    for await (const chunk of blobs.openRead(digest)) {
      decompressor ??= startDecompressor(compressionOf(chunk), (plain) => ready.push(plain));
      await decompressor.write(chunk);
      yield* ready.splice(0);
    }
    await decompressor?.end();
    yield* ready.splice(0);
  } finally {
    decompressor?.destroy();
  }
}
