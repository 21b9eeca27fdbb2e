import { randomBytes } from 'node:crypto';
import { readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Digest } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import type { Descriptor } from '../../model/oci.ts';
import { BlobStore } from '../blobs/blob-store.ts';
import { diskError, makeFolder } from '../blobs/disk.ts';
import { entryName } from '../image-index.ts';
import { BuildDirectory } from './build-directory.ts';
import { OWNER, type ReadIndexes, readRecord, type StoredBuild } from './build-record.ts';
import { claimAlone, isClaimed, isLeft, removeLeftFiles } from './owner.ts';
import { PRUNE_LOCK, type PruneOptions, type PruneResult, pruneStore } from './prune.ts';

const PRUNE_WAIT_MS = 5 * 60 * 1000;

/** All builds of a user: `ROOT/blobs/sha256/HEX` shared, `ROOT/builds/ID/` an OCI layout each. */
export class LayoutStore {
  readonly root: string;
  readonly blobs: BlobStore;
  readonly #now: () => number;
  /** Read once: an image that is built again and again has the same index. */
  readonly #indexes: ReadIndexes = new Map();

  constructor(root: string, now: () => number) {
    this.root = root;
    this.blobs = new BlobStore(join(root, 'blobs'));
    this.#now = now;
  }

  /** Makes and claims the folder buildx exports to (`dest=DIR,tar=false`). Waits for a prune. */
  async newBuild(): Promise<BuildDirectory> {
    const stamp = new Date(this.#now()).toISOString().replace(/[-:.]/g, '');
    const id = `${stamp}-${randomBytes(4).toString('hex')}`;
    const dir = join(this.root, 'builds', id);
    await makeFolder(dir);
    // The claim first, then the look for a prune, which does it the other way round: one of the two
    // sees the other.
    await claimAlone(join(dir, OWNER));
    await this.#waitForPrune();
    await symlink('../../blobs', join(dir, 'blobs')).catch((error: unknown) => {
      throw diskError(error, dir);
    });
    await this.#removeLeft();
    return new BuildDirectory(id, dir, this.blobs, this.#now);
  }

  /** What processes left that were killed: builds that came to nothing, and halves of blobs. */
  async #removeLeft(): Promise<void> {
    await removeLeftFiles(join(this.blobs.folder, 'sha256'));
    for (const id of await readdir(join(this.root, 'builds'))) {
      const dir = join(this.root, 'builds', id);
      if (!(await isLeft(join(dir, OWNER)))) continue;
      const left = new BuildDirectory(id, dir, this.blobs, this.#now);
      await ((await this.#read(id, '')) === undefined ? left.discard() : left.release());
    }
  }

  /** Finished builds, newest first; only those whose index contains `about` (digest, full name). */
  async builds(about = ''): Promise<readonly StoredBuild[]> {
    const ids = await readdir(join(this.root, 'builds'));
    const found = await Promise.all(ids.map((id) => this.#read(id, about)));
    return found
      .filter((build) => build !== undefined)
      .sort((a, b) => b.finishedAt - a.finishedAt || (a.id < b.id ? 1 : -1));
  }

  /** The finished build that began last of those that list this digest. */
  async lastOf(digest: Digest): Promise<StoredBuild | undefined> {
    // Their ids begin with the time; nearly always the first is the one.
    for (const id of (await readdir(join(this.root, 'builds'))).sort().reverse()) {
      const build = await this.#read(id, digest);
      if (build?.manifests.some((one) => one.digest === digest) === true) return build;
    }
    return undefined;
  }

  /** The newest build with that full name (`docker.io/library/app:1`), and the image it names. */
  async findByName(
    fullName: string,
  ): Promise<{ readonly build: StoredBuild; readonly descriptor: Descriptor } | undefined> {
    for (const build of await this.builds(fullName))
      for (const descriptor of build.manifests)
        if (entryName(descriptor) === fullName) return { build, descriptor };
    return undefined;
  }

  /** Removes old builds, then every blob that none of the remaining builds reaches. */
  prune(options: PruneOptions): Promise<PruneResult> {
    return pruneStore(this.root, this.blobs, () => this.builds(), options);
  }

  #read(id: string, about: string): Promise<StoredBuild | undefined> {
    return readRecord(id, join(this.root, 'builds', id), about, this.#indexes);
  }

  async #waitForPrune(): Promise<void> {
    const lock = join(this.root, PRUNE_LOCK);
    const since = Date.now();
    while (await isClaimed(lock)) {
      if (Date.now() - since > PRUNE_WAIT_MS)
        throw new UserError('another `scoville prune` is still running', {
          nextStep: `Wait for it to end; if none runs, remove ${lock}.`,
        });
      await sleep(100);
    }
  }
}

/** Opens the store at `root`, making it where it is not there. `now` in milliseconds since 1970. */
export async function openStore(
  root: string,
  now: () => number = () => Date.now(),
): Promise<LayoutStore> {
  const store = new LayoutStore(root, now);
  await store.blobs.prepare();
  await makeFolder(join(root, 'builds'));
  return store;
}
