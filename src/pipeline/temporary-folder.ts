import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskErrorIn } from '../model/errors.ts';

/** Gives `use` a new folder, `scoville-PURPOSE-…`; removes it and its content, even on errors. */
export async function inTemporaryFolder<T>(
  purpose: string,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), `scoville-${purpose}-`));
  try {
    return await use(folder);
  } catch (error) {
    throw diskErrorIn(folder, error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
