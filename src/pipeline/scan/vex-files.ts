import type { VexDocument } from '../../facts/vex/vex-statement.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import { readJsonFile } from '../read-json-file.ts';

/**
 * The user's VEX documents, in order. Throws UserError if one cannot be read or is not JSON:
 * a broken promise must not go unseen.
 */
export async function readVexFiles(files: readonly string[]): Promise<readonly VexDocument[]> {
  return Promise.all(
    files.map(async (file) => ({
      name: file,
      trusted: true,
      value: await readJson(file),
      ofRepository: true,
    })),
  );
}

async function readJson(file: string): Promise<unknown> {
  try {
    return await readJsonFile(file);
  } catch (error) {
    throw new UserError(`the VEX document ${file} cannot be read: ${messageOf(error)}`, {
      cause: error,
      nextStep: 'correct `vex` in the settings',
    });
  }
}
