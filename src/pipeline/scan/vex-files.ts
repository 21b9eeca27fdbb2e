import { open } from 'node:fs/promises';
import type { VexDocument } from '../../facts/vex/vex-statement.ts';
import { parseStrictJson } from '../../formats/strict-json.ts';
import { messageOf, UserError } from '../../model/errors.ts';

const LARGEST = 32 * 1024 * 1024;

/** The VEX documents that the user names, in their order. Throws UserError where a file cannot be read or is not JSON: a promise unkept must not go unseen. */
export async function readVexFiles(files: readonly string[]): Promise<readonly VexDocument[]> {
  return Promise.all(
    files.map(async (file) => ({ name: file, trusted: true, value: await readJson(file) })),
  );
}

async function readJson(file: string): Promise<unknown> {
  try {
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
  } catch (error) {
    throw new UserError(`the VEX document ${file} cannot be read: ${messageOf(error)}`, {
      cause: error,
      nextStep: 'correct `vex` in the settings',
    });
  }
}
