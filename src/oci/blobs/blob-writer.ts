import { createHash } from 'node:crypto';
import { chmod, open, rename, rm } from 'node:fs/promises';
import type { Digest } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import { diskError, temporaryPath } from './disk.ts';

/** A blob being written; it has its final name only after `commit`. */
export interface BlobWriter {
  write(chunk: Uint8Array): Promise<void>;
  /** Names it for its content. Throws where the content is not `expected`, and leaves nothing. */
  commit(expected?: Digest): Promise<{ readonly digest: Digest; readonly size: number }>;
  /** Gives it up and removes what was written; harmless after `commit`. */
  abort(): Promise<void>;
}

/** Starts a blob in `folder` under a temporary name; `finalPath` gives the path for its digest. */
export async function startBlob(
  folder: string,
  finalPath: (digest: Digest) => string,
): Promise<BlobWriter> {
  const temporary = temporaryPath(folder);
  const file = await open(temporary, 'wx', 0o644).catch((error: unknown) => {
    throw diskError(error, temporary);
  });
  const hash = createHash('sha256');
  let size = 0;
  let isDone = false;
  const abort = async (): Promise<void> => {
    if (isDone) return;
    isDone = true;
    await file.close();
    await rm(temporary, { force: true });
  };
  return {
    write: async (chunk) => {
      hash.update(chunk);
      size += chunk.length;
      await file.writeFile(chunk).catch((error: unknown) => {
        throw diskError(error, temporary);
      });
    },
    commit: async (expected) => {
      const digest = `sha256:${hash.digest('hex')}` as Digest;
      if (expected !== undefined && digest !== expected) {
        await abort();
        throw new UserError(`content has digest ${digest} where ${expected} was expected`);
      }
      isDone = true;
      await file.close();
      await chmod(temporary, 0o444);
      await rename(temporary, finalPath(digest));
      return { digest, size };
    },
    abort,
  };
}
