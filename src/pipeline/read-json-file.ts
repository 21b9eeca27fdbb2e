import { open } from 'node:fs/promises';
import { parseStrictJson } from '../formats/strict-json.ts';

const LARGEST = 32 * 1024 * 1024;

/** A file's JSON. Throws if not a regular file of at most 32 MiB, or not unambiguous JSON. */
export async function readJsonFile(file: string): Promise<unknown> {
  const handle = await open(file, 'r');
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new Error('it is not a regular file');
    if (found.size > LARGEST) throw new Error(`it is larger than ${LARGEST} bytes`);
    const parsed = parseStrictJson(await handle.readFile(), 'it', LARGEST);
    if (!parsed.ok) throw new Error(parsed.error);
    return parsed.value;
  } finally {
    await handle.close();
  }
}
