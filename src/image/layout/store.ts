import { readFileSync } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../lib/errors.ts';
import { listField, numberField, parseJson } from '../../lib/json.ts';
import { bytesText } from '../../lib/text.ts';
import { DAY_MS } from '../../lib/time.ts';
import { type Descriptor, MEDIA_TYPE } from '../../model/image.ts';
import {
  type Digest,
  digestHex,
  formatReference,
  type ImageReference,
  isDigest,
  withDefaultTag,
} from '../../model/reference.ts';
import { BlobStore } from '../blob-store.ts';
import { errorCode, makeFolder, writeBeside } from '../disk.ts';
import { parseIndex, parseManifest } from '../documents.ts';
import {
  entryName,
  imageParts,
  namedEntries,
  reachable,
  readExportedIndex,
} from '../image-index.ts';
import { claimAlone, isClaimed, isLeft, isLeftover, removeLeftFiles } from '../owner.ts';
import { type BuildFolder, isPruned, makeBuildFolder, OWNER, PRUNE_LOCK } from './build-folder.ts';

const RECORD = 'build.json';

export interface StoredBuild {
  readonly id: string;
  readonly dir: string;
  /** Milliseconds since 1970. */
  readonly finishedAt: number;
  /** Full names, `docker.io/library/app:1`. */
  readonly names: readonly string[];
  /** Entries of its index.json: images first, once a name, then referrers. */
  readonly manifests: readonly Descriptor[];
  /** Layers as buildx exported them: it writes those again that are gone. */
  readonly exported: readonly Digest[];
}

/** Marks the build in `dir` as finished. buildx leaves its own index.json in unfinished ones. */
async function writeRecord(
  dir: string,
  { finishedAt, exported }: Pick<StoredBuild, 'finishedAt' | 'exported'>,
): Promise<void> {
  await writeBeside(join(dir, RECORD), JSON.stringify({ schemaVersion: 1, finishedAt, exported }));
}

type Finished = Pick<StoredBuild, 'id' | 'dir' | 'finishedAt' | 'exported'>;

/** Undefined where the build is not finished, or cannot be read. */
function readRecord(id: string, dir: string): Finished | undefined {
  const record = parseJson(readOptional(join(dir, RECORD))?.toString('utf8') ?? '');
  const finishedAt = numberField(record, 'finishedAt');
  const exported = listField(record, 'exported').filter(isDigest);
  return finishedAt === undefined ? undefined : { id, dir, finishedAt, exported };
}

/**
 * Undefined too where its index does not contain `about`. A store has hundreds of builds, and
 * reading a document strictly costs more than finding a text in it.
 */
function readEntries(finished: Finished, about: string): StoredBuild | undefined {
  const index = readOptional(join(finished.dir, 'index.json'));
  if (index?.includes(about) !== true) return undefined;
  try {
    const { manifests } = parseIndex(index, 'index.json');
    return { ...finished, names: manifests.flatMap((one) => entryName(one) ?? []), manifests };
  } catch {
    return undefined;
  }
}

/** What is wanted is mostly in the first: the others are not read whole. */
function* withEntries(all: readonly Finished[], about: string): Generator<StoredBuild> {
  for (const finished of all) {
    const build = readEntries(finished, about);
    if (build !== undefined) yield build;
  }
}

/** At once: that Node reads many small files beside other work takes twenty times as long. */
function readOptional(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}

const PROVENANCE = 'https://slsa.dev/provenance/';
const LAYOUT = JSON.stringify({ imageLayoutVersion: '1.0.0' });

interface BuildContent {
  /** Image indexes or manifests that the names point to. */
  readonly manifests: readonly Descriptor[];
  readonly names: readonly ImageReference[];
  /** Signatures and attestations, listed so that other readers of layouts find them. */
  readonly referrers?: readonly Descriptor[];
  readonly exported?: readonly Digest[];
}

/** One build's OCI layout: its own index.json over the blobs that all builds share. */
export class BuildDirectory {
  readonly id: string;
  readonly dir: string;
  readonly blobs: BlobStore;
  readonly #now: () => number;
  #isFinished = false;

  constructor(id: string, dir: string, blobs: BlobStore, now: () => number) {
    this.id = id;
    this.dir = dir;
    this.blobs = blobs;
    this.#now = now;
  }

  /** Writes index.json (one entry per name), marks the build finished. May be called again. */
  async finish(content: BuildContent): Promise<StoredBuild> {
    const names = content.names.map((reference) => {
      const tagged = withDefaultTag(reference);
      return { full: formatReference(tagged), tag: tagged.tag ?? 'latest' };
    });
    const manifests = [
      ...content.manifests.flatMap((descriptor) => namedEntries(descriptor, names)),
      ...(content.referrers ?? []),
    ];
    await this.#removeRaw();
    const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests };
    await writeBeside(join(this.dir, 'oci-layout'), LAYOUT);
    await writeBeside(join(this.dir, 'index.json'), JSON.stringify(index));
    // buildx leaves its folder for unfinished blobs behind; a Dockerfile that was sent from here
    // has served.
    for (const name of ['ingest', 'sent'])
      await rm(join(this.dir, name), { recursive: true, force: true });
    const made = { finishedAt: this.#now(), exported: content.exported ?? [] };
    await writeRecord(this.dir, made);
    this.#isFinished = true;
    return { id: this.id, dir: this.dir, ...made, names: names.map((n) => n.full), manifests };
  }

  /** What is finished is kept for prune and push, what is not goes. */
  end(): Promise<void> {
    return this.#isFinished ? this.release() : this.discard();
  }

  /**
   * Marks the build as no longer used by this process: prune may remove it when it is old enough.
   */
  async release(): Promise<void> {
    await rm(join(this.dir, OWNER), { force: true });
  }

  /** For another export into it. */
  async empty(): Promise<void> {
    await this.#removeRaw();
    for (const name of ['index.json', 'ingest'])
      await rm(join(this.dir, name), { recursive: true, force: true });
  }

  /** Removes a build that came to nothing; its blobs go with the next prune. */
  async discard(): Promise<void> {
    await this.#removeRaw();
    await rm(this.dir, { recursive: true, force: true });
  }

  /**
   * Removes what BuildKit attested to its export: it has the values of build arguments, with
   * passwords of proxies. Each run's is another blob.
   */
  async #removeRaw(): Promise<void> {
    try {
      const read = (one: Descriptor): Promise<Uint8Array> => this.blobs.readDocument(one);
      for (const descriptor of readExportedIndex(await readFile(join(this.dir, 'index.json'))))
        for (const one of (await imageParts(descriptor, read)).attestations)
          for (const { digest, annotations } of parseManifest(await read(one.descriptor), 'it')
            .layers)
            if (annotations?.['in-toto.io/predicate-type']?.startsWith(PROVENANCE) === true)
              await this.blobs.remove(digestHex(digest));
    } catch (error) {
      // Not exported, or the build was ended in the middle of it.
      if (!(error instanceof UserError) && errorCode(error) !== 'ENOENT') throw error;
    }
  }
}

const CLAIM_WITHIN_MS = 60_000;
const TIDIED = 'tidied';
const TIDY_MS = 10 * 60_000;

/** Which builds go. One that a running process has claimed never does. */
interface PruneOptions {
  /** Builds kept of each name, the newest first; default 1. */
  readonly keepPerName?: number;
  /** Milliseconds: younger builds stay, untagged ones too; default 0. */
  readonly olderThan?: number;
  /** The same for builds without a name. */
  readonly namelessOlderThan?: number;
  /** What buildx exported for the newest build of a name stays, so that the next is quick. */
  readonly keepsExports?: boolean;
  readonly all?: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly dryRun?: boolean;
}

interface PruneResult {
  readonly freedBytes: number;
  readonly removedBuilds: readonly string[];
  readonly removedBlobs: number;
  /** Builds that run now: while there is one, no blob is removed, for buildx may count on any. */
  readonly runningBuilds: readonly string[];
}

/** Mark and sweep over the store at `root`. Throws UserError where another prune runs. */
async function pruneStore(
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
        : await sweep(blobs, kept, exportsOf(finished, options), options.dryRun === true);
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
  { keepPerName = 1, olderThan = 0, namelessOlderThan = olderThan, now }: PruneOptions,
): readonly StoredBuild[] {
  const seen = new Map<string, number>();
  return builds.filter((build) => {
    const newest = build.names.filter((name) => (seen.get(name) ?? 0) < keepPerName);
    for (const name of new Set(build.names)) seen.set(name, (seen.get(name) ?? 0) + 1);
    const isYoung =
      now - build.finishedAt < (build.names.length === 0 ? namelessOlderThan : olderThan);
    return newest.length > 0 || isYoung;
  });
}

function exportsOf(builds: readonly StoredBuild[], options: PruneOptions): readonly Digest[] {
  if (options.keepsExports !== true) return [];
  return keptBuilds(builds, { ...options, keepPerName: 1 }).flatMap(({ exported }) => exported);
}

async function sweep(
  blobs: BlobStore,
  kept: readonly StoredBuild[],
  exported: readonly Digest[],
  dryRun: boolean,
): Promise<{ readonly freedBytes: number; readonly removedBlobs: number }> {
  const graph = await reachable(
    blobs,
    kept.flatMap((build) => build.manifests),
    () => undefined,
  );
  const reached = [...graph.manifests, ...graph.blobs].map(({ digest }) => digest);
  const marked = new Set<Digest>([...reached, ...exported]);
  let freedBytes = 0;
  let removedBlobs = 0;
  for (const { name, digest } of await blobs.list()) {
    if (digest === undefined ? !isLeftover(name) : marked.has(digest)) continue;
    freedBytes += dryRun ? await blobs.sizeOf(name) : await blobs.remove(name);
    removedBlobs++;
  }
  return { freedBytes, removedBlobs };
}

const PRUNE_WAIT_MS = 5 * 60 * 1000;

/** All builds of a user: `ROOT/blobs/sha256/HEX` shared, `ROOT/builds/ID/` an OCI layout each. */
export class LayoutStore {
  readonly root: string;
  readonly blobs: BlobStore;
  readonly #now: () => number;

  constructor(root: string, now: () => number) {
    this.root = root;
    this.blobs = new BlobStore(join(root, 'blobs'));
    this.#now = now;
  }

  /** With the folder buildx exports to (`dest=DIR,tar=false`), or `made`. Waits for a prune. */
  async newBuild(made?: BuildFolder): Promise<BuildDirectory> {
    const { id, dir } = made ?? (await makeBuildFolder(this.root, this.#now()));
    await this.#waitForPrune();
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
      const record = readRecord(id, dir);
      const build = record && readEntries(record, '');
      await (build === undefined ? left.discard() : left.release());
    }
  }

  /** Finished builds, newest first; only those whose index contains `about` (digest, full name). */
  async builds(about = ''): Promise<readonly StoredBuild[]> {
    return [...(await this.#newest(about))];
  }

  /** The newest finished build of those that list this digest. */
  async lastOf(digest: Digest): Promise<StoredBuild | undefined> {
    for (const build of await this.#newest(digest))
      if (build.manifests.some((one) => one.digest === digest)) return build;
    return undefined;
  }

  /** The newest build with that full name (`docker.io/library/app:1`), and the image it names. */
  async findByName(
    fullName: string,
  ): Promise<{ readonly build: StoredBuild; readonly descriptor: Descriptor } | undefined> {
    for (const build of await this.#newest(fullName))
      for (const descriptor of build.manifests)
        if (entryName(descriptor) === fullName) return { build, descriptor };
    return undefined;
  }

  async #newest(about: string): Promise<Iterable<StoredBuild>> {
    const ids = await readdir(join(this.root, 'builds'));
    const finished = ids
      .flatMap((id) => readRecord(id, join(this.root, 'builds', id)) ?? [])
      .sort((a, b) => b.finishedAt - a.finishedAt || (a.id < b.id ? 1 : -1));
    return withEntries(finished, about);
  }

  /** Images that the names have, by full name. */
  async digestsOf(fullNames: readonly string[]): Promise<readonly Digest[]> {
    const found = await Promise.all(fullNames.map((name) => this.findByName(name)));
    return [...new Set(found.flatMap((one) => one?.descriptor.digest ?? []))];
  }

  /** Removes old builds, then every blob that none of the remaining builds reaches. */
  prune(options: PruneOptions): Promise<PruneResult> {
    return pruneStore(this.root, this.blobs, () => this.builds(), options);
  }

  /**
   * Removes builds that no name points to but the last two of each name, those without a name after
   * a day, and all that none of the others needs. Every ten minutes at most, since it reads all
   * that stays. Never throws: what cannot be removed now stays until the next time.
   */
  async tidy(): Promise<void> {
    const stamp = join(this.root, TIDIED);
    const now = this.#now();
    const last = Number(await readFile(stamp, 'utf8').catch(() => '0'));
    if (now - last < TIDY_MS && last <= now) return;
    const young = { olderThan: TIDY_MS, namelessOlderThan: DAY_MS };
    await writeBeside(stamp, String(now))
      .then(() => this.prune({ keepPerName: 2, ...young, keepsExports: true, now }))
      .catch(() => undefined);
  }

  async #waitForPrune(): Promise<void> {
    const since = Date.now();
    while (await isPruned(this.root)) {
      if (Date.now() - since > PRUNE_WAIT_MS)
        throw new UserError('another `scoville prune` is still running', {
          nextStep: `Wait for it to end; if none runs, remove ${join(this.root, PRUNE_LOCK)}.`,
        });
      await sleep(100);
    }
  }
}

/** What a store takes, for people; what is removed while it counts counts nothing. */
export async function storeText(root: string): Promise<string> {
  const folder = join(root, 'blobs', 'sha256');
  let bytes = 0;
  for (const name of await readdir(folder).catch(() => []))
    bytes += (await stat(join(folder, name)).catch(() => ({ size: 0 }))).size;
  return `${root}, ${bytesText(bytes)} (the last two builds of each name; scoville prune frees more)`;
}

/** Opens the store at `root`, and creates it if needed. `now` in milliseconds since 1970. */
export async function openStore(
  root: string,
  now: () => number = () => Date.now(),
): Promise<LayoutStore> {
  const store = new LayoutStore(root, now);
  await store.blobs.prepare();
  await makeFolder(join(root, 'builds'));
  return store;
}
