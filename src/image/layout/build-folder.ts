import { randomBytes } from 'node:crypto';
// eslint-disable-next-line no-restricted-imports -- the layout: a link between its own folders
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { diskError, makeFolder } from '../disk.ts';
import { claimAlone, isClaimed } from '../owner.ts';

export const OWNER = 'owner.json';
/** In the store's root while `scoville prune` runs. */
export const PRUNE_LOCK = 'prune.json';

/** The folder of a build that this process has claimed in the store; buildx exports to it. */
export interface BuildFolder {
  readonly id: string;
  readonly dir: string;
}

/** `now` in milliseconds since 1970. A prune that runs has to end before blobs are counted on. */
export async function makeBuildFolder(root: string, now: number): Promise<BuildFolder> {
  const stamp = new Date(now).toISOString().replace(/[-:.]/g, '');
  const id = `${stamp}-${randomBytes(4).toString('hex')}`;
  const dir = join(root, 'builds', id);
  await makeFolder(dir);
  // The claim first, then the look for a prune, which does it the other way round: one of the two
  // sees the other.
  await claimAlone(join(dir, OWNER));
  await symlink('../../blobs', join(dir, 'blobs')).catch((error: unknown) => {
    throw diskError(error, dir);
  });
  return { id, dir };
}

export function isPruned(root: string): Promise<boolean> {
  return isClaimed(join(root, PRUNE_LOCK));
}
