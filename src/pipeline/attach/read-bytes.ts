import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** What readers of attestations take (attachment-statement.ts). */
const LARGEST = 16 * 1024 * 1024;

/** A file's bytes. Throws where it is not a regular file of at most 16 MiB. */
export async function readBytes(file: string): Promise<Uint8Array> {
  // A pipe that nobody writes into would never be opened.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new Error('it is not a regular file');
    if (found.size > LARGEST) throw new Error(`it is larger than ${LARGEST} bytes`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
