import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { BlobStore } from '../image/blob-store.ts';
import { makeFolder } from '../image/disk.ts';
import { removeLeftFiles } from '../image/owner.ts';
import type { Descriptor } from '../model/image.ts';
import { type Digest, digestHex, digestOf } from '../model/reference.ts';

/**
 * Bytes of answers by digest. One per lock file, so that a lock cannot name answers of other
 * builds. Only this user can read it.
 */
export class FetchStore extends BlobStore {
  readonly #verified = new Map<Digest, number>();

  /** True if the bytes exist with the stated size and digest. */
  async verify({ digest, size }: Pick<Descriptor, 'digest' | 'size'>): Promise<boolean> {
    const known = this.#verified.get(digest);
    if (known !== undefined) return known === size;
    const hash = createHash('sha256');
    let length = 0;
    try {
      for await (const chunk of this.openRead(digest)) {
        hash.update(chunk);
        length += chunk.length;
      }
    } catch {
      return false;
    }
    if (hash.digest('hex') !== digestHex(digest)) return false;
    this.#verified.set(digest, length);
    return length === size;
  }
}

/** A lock file's store; `path` is absolute. */
export function openFetchStore(cache: string, path: string): Promise<FetchStore> {
  return openFolder(join(cache, 'fetches', digestHex(digestOf(path))));
}

/** A store in its own folder. */
export async function openFolder(folder: string): Promise<FetchStore> {
  await makeFolder(folder);
  const store = new FetchStore(folder);
  await store.prepare();
  await removeLeftFiles(join(folder, 'sha256'));
  return store;
}
