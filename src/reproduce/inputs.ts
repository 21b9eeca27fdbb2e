// eslint-disable-next-line no-restricted-imports -- a body gets a second name, its digest
import { link, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lockText } from '../build/plan-lock.ts';
import { formatProblem } from '../config/document.ts';
import { parseLock } from '../config/lock.ts';
import type { BlobStore } from '../image/blob-store.ts';
import { errorCode } from '../image/disk.ts';
import { parseManifest } from '../image/documents.ts';
import { writeArtifact } from '../image/referrers.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { inParallel } from '../lib/parallel.ts';
import { type Fetches, MOST_FETCHED_BYTES, type Recording } from '../model/build-analysis.ts';
import type { Descriptor, OpenedImage } from '../model/image.ts';
import type { LockFile } from '../model/lock.ts';
import { type Digest, digestOf } from '../model/reference.ts';
import { type FetchStore, openFetchStore, openFolder } from './fetch-store.ts';

/** Type of the artifact with what a build fetched. */
export const INPUTS_ARTIFACT = 'application/vnd.scoville.inputs.v1';
export const LOCK_MEDIA_TYPE = 'application/vnd.scoville.lock.v1+yaml';
const BODY_MEDIA_TYPE = 'application/octet-stream';
/** Keeps the manifest below the registries' limit of 4 MiB. */
export const MOST_BODIES = 20_000;
const EMPTY = digestOf('');

/**
 * Writes what a build fetched as an artifact about its image: the lock, and each body once, linked
 * from the store. Returns its descriptor. Throws UserError for missing bytes, or too many for one
 * manifest.
 */
export async function writeInputs(
  blobs: BlobStore,
  of: {
    readonly cache: string;
    /** Absolute. */
    readonly lockPath: string;
    readonly lock: LockFile;
    readonly recording: Recording;
    readonly subject: Descriptor;
  },
): Promise<Descriptor> {
  const { cache, lockPath, lock, recording, subject } = of;
  const bodies = bodiesOf(recording.fetches);
  if (bodies.size > MOST_BODIES)
    throw new UserError(`the build fetched ${bodies.size} files, and ${MOST_BODIES} can be kept`);
  const store = await openFetchStore(cache, lockPath);
  for (const digest of bodies.keys()) await linkOrCopy(blobs, digest, store);
  return writeArtifact(blobs, {
    subject,
    artifactType: INPUTS_ARTIFACT,
    layer: Buffer.from(await lockText({ ...lock, ...recording })),
    title: 'scoville.lock',
    mediaType: LOCK_MEDIA_TYPE,
    others: [...bodies].map(([digest, size]) => ({ mediaType: BODY_MEDIA_TYPE, digest, size })),
  });
}

/** Size of each body by digest, without empty ones. */
export function bodiesOf(fetches: Fetches): ReadonlyMap<Digest, number> {
  return new Map(
    [...fetches.values()]
      .flat()
      .filter(({ digest }) => digest !== EMPTY)
      .map(({ digest, size }) => [digest, size]),
  );
}

/** Links only from this lock's own store: the layout also has blobs of other builds. */
async function linkOrCopy(blobs: BlobStore, digest: Digest, store: FetchStore): Promise<void> {
  try {
    await link(store.path(digest), blobs.path(digest));
    return;
  } catch (error) {
    // The kernel checks the first path before the second.
    if (errorCode(error) === 'EEXIST') return;
  }
  await blobs.take(store.openRead(digest), digest).catch((cause: unknown) => {
    throw new UserError(`what the build fetched cannot be kept: ${digest}`, { cause });
  });
}

/** Attachments to push with an image. Inputs only on request, since they may be private. */
export function publishedReferrers(
  referrers: readonly Descriptor[],
  withInputs: boolean,
): readonly Descriptor[] {
  const isInputs = ({ artifactType }: Descriptor): boolean => artifactType === INPUTS_ARTIFACT;
  if (!withInputs) return referrers.filter((one) => !isInputs(one));
  if (referrers.some(isInputs)) return referrers;
  throw new UserError('the image has no recorded inputs to push', {
    nextStep: 'scoville build --record, signed and with provenance',
  });
}

const AT_ONCE = 4;

export interface FetchedInputs {
  readonly lock: LockFile & { readonly fetches: Fetches };
  readonly store: FetchStore;
}

/**
 * Fetches the inputs artifact that a provenance names by digest, into `folder`: its lock and each
 * body in the lock, with size and digest checked while it arrives. Throws UserError if it is about
 * another image, incomplete or too large; `folder` is then empty.
 */
export async function fetchInputs(
  image: Pick<OpenedImage, 'root' | 'platforms' | 'readBlob' | 'openLayer'>,
  named: Descriptor,
  folder: string,
  signal: AbortSignal,
): Promise<FetchedInputs> {
  try {
    const manifest = parseManifest(await image.readBlob(named), named.digest);
    const about = [image.root, ...image.platforms.map(({ descriptor }) => descriptor)];
    if (manifest.artifactType !== INPUTS_ARTIFACT) throw new UserError('it is another artifact');
    if (!about.some(({ digest }) => digest === manifest.subject?.digest))
      throw new UserError('it is about another image');
    const [first, ...others] = manifest.layers;
    if (first?.mediaType !== LOCK_MEDIA_TYPE) throw new UserError('it does not have a lock');
    const lock = await lockOf(await image.readBlob(first));
    const bodies = bodiesOf(lock.fetches);
    requireWithin(bodies, others);
    const store = await openFolder(join(folder, 'fetches'));
    await inParallel([...bodies], AT_ONCE, async ([digest, size]) => {
      signal.throwIfAborted();
      const body = await image.openLayer({ mediaType: BODY_MEDIA_TYPE, digest, size });
      const written = await store.take(body, digest, size);
      if (written.size !== size)
        throw new UserError(`${digest} has ${written.size} bytes, not ${size}`);
    });
    await store.write(Buffer.alloc(0));
    return { lock, store };
  } catch (error) {
    await rm(join(folder, 'fetches'), { recursive: true, force: true });
    signal.throwIfAborted();
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`what it was built from cannot be had: ${messageOf(error)}`, {
      nextStep: 'its publisher: scoville push --with-inputs NAME',
      cause: error,
    });
  }
}

async function lockOf(bytes: Uint8Array): Promise<FetchedInputs['lock']> {
  const parsed = await parseLock(new TextDecoder().decode(bytes), 'its lock');
  if (!parsed.ok) throw new UserError(parsed.error.slice(0, 3).map(formatProblem).join('; '));
  const { fetches } = parsed.value;
  if (fetches === undefined) throw new UserError('its lock does not have what was fetched');
  return { ...parsed.value, fetches };
}

/** Before any fetch, checks that the artifact lists all bodies of the lock with their sizes. */
function requireWithin(bodies: ReadonlyMap<Digest, number>, listed: readonly Descriptor[]): void {
  const sizes = new Map(listed.map(({ digest, size }) => [digest, size]));
  for (const [digest, size] of bodies)
    if (sizes.get(digest) !== size) throw new UserError(`it does not have ${digest}`);
  const bytes = [...bodies.values()].reduce((sum, size) => sum + size, 0);
  if (bodies.size > MOST_BODIES || bytes > MOST_FETCHED_BYTES)
    throw new UserError(`it is too large: ${bodies.size} files, ${bytes} bytes`);
}
