import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { byCodeUnit } from '../../model/order.ts';

/** More than a context that is built twice should hold. */
const MOST_ENTRIES = 200_000;

/**
 * A digest of all that lies below a folder: names, kinds, modes and bytes, without `.git`.
 * Undefined where it is no folder, or cannot be read whole, or holds too much.
 */
export async function folderDigest(
  folder: string,
  cwd: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const root = resolve(cwd, folder);
  const hash = createHash('sha256');
  let entries = 0;
  const visit = async (path: string): Promise<void> => {
    const found = await readdir(join(root, path), { withFileTypes: true });
    for (const entry of found.sort((a, b) => byCodeUnit(a.name, b.name))) {
      signal.throwIfAborted();
      if (path === '' && entry.name === '.git') continue;
      if ((entries += 1) > MOST_ENTRIES) throw new Error('too many entries');
      const inner = join(path, entry.name);
      const { mode, size } = await lstat(join(root, inner));
      const link = entry.isSymbolicLink() ? await readlink(join(root, inner)) : null;
      hash.update(JSON.stringify([inner, mode, entry.isFile() ? size : 0, link]));
      if (entry.isDirectory()) await visit(inner);
      else if (entry.isFile())
        for await (const chunk of createReadStream(join(root, inner))) hash.update(chunk as Buffer);
    }
  };
  try {
    await visit('');
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
  return hash.digest('hex');
}
