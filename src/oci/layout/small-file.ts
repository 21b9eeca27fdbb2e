import { readFile, stat } from 'node:fs/promises';
import { UserError } from '../../model/errors.ts';
import { errorCode } from '../blobs/disk.ts';
import { readError } from '../blobs/read-error.ts';
import { MAX_DOCUMENT_BYTES } from '../documents.ts';

/**
 * A file of at most 4 MiB, undefined where there is none. Throws UserError for a pipe or device
 * without opening it, because it may never answer.
 */
export async function smallFile(path: string): Promise<Uint8Array | undefined> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new UserError(`${path} is not a file`);
    if (found.size > MAX_DOCUMENT_BYTES) throw new UserError(`${path} is larger than 4 MiB`);
    return await readFile(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw readError(error, path);
  }
}
