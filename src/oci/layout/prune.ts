import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { OWNER, type StoredBuild } from './build-record.ts';
import { claimAlone, isClaimed, isLeftover } from './owner.ts';
import { reachable } from './reachable.ts';

export const PRUNE_LOCK = 'prune.json';
const CLAIM_WITHIN_MS = 60_000;

/** Which builds go. One that a running process has claimed never does. */
export interface PruneOptions {
  /** Builds kept of each name, the newest first; default 1. */
  readonly keepPerName?: number;
  /** Milliseconds: younger builds stay, untagged ones too; default 0. */
  readonly olderThan?: number;
  /** Every build goes. */
  readonly all?: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Says what would go and removes nothing. */
  readonly dryRun?: boolean;
}

export interface PruneResult {
  readonly freedBytes: number;
  readonly removedBuilds: readonly string[];
  readonly removedBlobs: number;
  /** Builds that run now: while there is one, no blob is removed, for buildx may count on any. */
  readonly runningBuilds: readonly string[];
}

/** Mark and sweep over the store at `root`. Throws UserError where another prune runs. */
export async function pruneStore(
  root: string,
  blobs: BlobStore,
  builds: () => Promise<readonly StoredBuild[]>,
  options: PruneOptions,
): Promise<PruneResult> {
  const lock = join(root, PRUNE_LOCK);
  if (!(await claimAlone(lock)))
    throw new UserError('another `scoville prune` is running', { nextStep: 'Wait for it to end.' });
  try {
    const running = await runningBuilds(root);
    const finished = await builds();
    const kept = options.all === true ? [] : keptBuilds(finished, options);
    const stays = new Set([...running, ...kept.map((build) => build.id)]);
    const known = new Set(finished.map((build) => build.id));
    const gone: string[] = [];
    for (const id of await readdir(join(root, 'builds')))
      if (!stays.has(id) && (known.has(id) || (await isOld(root, id, options.now)))) gone.push(id);
    if (options.dryRun !== true)
      for (const id of gone) await rm(join(root, 'builds', id), { recursive: true, force: true });
    const swept =
      running.length > 0
        ? { freedBytes: 0, removedBlobs: 0 }
        : await sweep(blobs, kept, options.dryRun === true);
    return { ...swept, removedBuilds: gone, runningBuilds: running };
  } finally {
    await rm(lock, { force: true });
  }
}

async function runningBuilds(root: string): Promise<readonly string[]> {
  const running: string[] = [];
  for (const id of await readdir(join(root, 'builds')))
    if (await isClaimed(join(root, 'builds', id, OWNER))) running.push(id);
  return running;
}

/** False for a folder that may have been made a moment ago and not been claimed yet. */
async function isOld(root: string, id: string, now: number): Promise<boolean> {
  return now - (await stat(join(root, 'builds', id))).mtimeMs > CLAIM_WITHIN_MS;
}

/** `builds` newest first. */
function keptBuilds(
  builds: readonly StoredBuild[],
  { keepPerName = 1, olderThan = 0, now }: PruneOptions,
): readonly StoredBuild[] {
  const seen = new Map<string, number>();
  return builds.filter((build) => {
    const newest = build.names.filter((name) => (seen.get(name) ?? 0) < keepPerName);
    for (const name of new Set(build.names)) seen.set(name, (seen.get(name) ?? 0) + 1);
    return newest.length > 0 || now - build.finishedAt < olderThan;
  });
}

async function sweep(
  blobs: BlobStore,
  kept: readonly StoredBuild[],
  dryRun: boolean,
): Promise<{ readonly freedBytes: number; readonly removedBlobs: number }> {
  const graph = await reachable(
    blobs,
    kept.flatMap((build) => build.manifests),
    () => undefined,
  );
  const marked = new Set<Digest>([...graph.manifests, ...graph.blobs].map((d) => d.digest));
  let freedBytes = 0;
  let removedBlobs = 0;
  for (const { name, digest } of await blobs.list()) {
    if (digest === undefined ? !isLeftover(name) : marked.has(digest)) continue;
    freedBytes += dryRun ? await blobs.sizeOf(name) : await blobs.remove(name);
    removedBlobs++;
  }
  return { freedBytes, removedBlobs };
}
