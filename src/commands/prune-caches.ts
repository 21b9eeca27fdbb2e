import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Removes what the caches hold (each is filled again when it is asked for) and gives its bytes; `dryRun` only counts. */
export async function pruneCaches(folder: string, dryRun: boolean): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  let bytes = 0;
  for (const name of names)
    bytes += await stat(join(folder, name)).then(
      (found) => (found.isFile() ? found.size : 0),
      () => 0,
    );
  if (!dryRun) await rm(folder, { recursive: true, force: true });
  return bytes;
}
