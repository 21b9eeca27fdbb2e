import { link } from 'node:fs/promises';
import { type FetchStore, openFetchStore } from '../../hermetic/fetch-store.ts';
import { type Digest, digestOf } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import type { Fetches, Recording } from '../../model/fetches.ts';
import type { LockFile } from '../../model/lock.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { BlobStore } from '../../oci/blobs/blob-store.ts';
import { errorCode } from '../../oci/blobs/disk.ts';
import { writeArtifact } from '../../oci/referrers.ts';
import { lockText } from '../../plans/lock/lock-text.ts';

/** Type of the artifact that has what a build fetched. */
export const INPUTS_ARTIFACT = 'application/vnd.scoville.inputs.v1';
export const LOCK_MEDIA_TYPE = 'application/vnd.scoville.lock.v1+yaml';
const BODY_MEDIA_TYPE = 'application/octet-stream';
/** So that the manifest stays below the 4 MiB that registries take. */
export const MOST_BODIES = 20_000;
const EMPTY = digestOf('');

interface InputsToWrite {
  readonly cache: string;
  /** Absolute. */
  readonly lockPath: string;
  readonly lock: LockFile;
  readonly recording: Recording;
  readonly subject: Descriptor;
}

/**
 * Keeps what a build fetched as an artifact about its image: the lock, and each body once, which is
 * linked from the store of fetches. Gives its descriptor. Throws UserError where bytes are not
 * there, or too many for one manifest.
 */
export async function writeInputs(
  blobs: BlobStore,
  { cache, lockPath, lock, recording, subject }: InputsToWrite,
): Promise<Descriptor> {
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

/** Size of each body by its digest; one without bytes needs no place. */
export function bodiesOf(fetches: Fetches): ReadonlyMap<Digest, number> {
  return new Map(
    [...fetches.values()]
      .flat()
      .filter(({ digest }) => digest !== EMPTY)
      .map(({ digest, size }) => [digest, size]),
  );
}

/** Links from this lock's own store only: the layout has other builds' blobs that it could name. */
async function linkOrCopy(blobs: BlobStore, digest: Digest, store: FetchStore): Promise<void> {
  try {
    await link(store.path(digest), blobs.path(digest));
    return;
  } catch (error) {
    // The kernel looks for the first path before the second.
    if (errorCode(error) === 'EEXIST') return;
  }
  const writer = await blobs.createWriter();
  try {
    for await (const chunk of store.read(digest)) await writer.write(chunk);
    await writer.commit(digest);
  } catch (error) {
    throw new UserError(`what the build fetched cannot be kept: ${digest}`, { cause: error });
  } finally {
    await writer.abort();
  }
}

/** What is pushed with an image. Inputs only on request, since they may be private. */
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
