import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatProblem } from '../../config/document.ts';
import { parseLock } from '../../config/parse-lock.ts';
import { type FetchStore, openFolder } from '../../hermetic/fetch-store.ts';
import type { Digest } from '../../model/digest.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import { type Fetches, MOST_FETCHED_BYTES } from '../../model/fetches.ts';
import { inParallel } from '../../model/in-parallel.ts';
import type { LockFile } from '../../model/lock.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import { parseManifest } from '../../oci/documents.ts';
import { bodiesOf, INPUTS_ARTIFACT, LOCK_MEDIA_TYPE, MOST_BODIES } from './write-inputs.ts';

const AT_ONCE = 4;

/** What a published image was built from, fetched and checked. */
export interface FetchedInputs {
  readonly lock: LockFile & { readonly fetches: Fetches };
  readonly store: FetchStore;
}

/**
 * Fetches the inputs artifact that a provenance names by digest, into `folder`: its lock, and each
 * body that the lock names, checked by size and digest while it comes. Throws UserError for one
 * that is not about this image, lacks anything, or is too large; `folder` is empty then.
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
      const body = { mediaType: 'application/octet-stream', digest, size };
      await keep(store, body, await image.openLayer(body));
    });
    // The body without bytes.
    await (await store.writer()).commit();
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

/** Checks that the artifact lists all that the lock names, with its size, before any is fetched. */
function requireWithin(bodies: ReadonlyMap<Digest, number>, listed: readonly Descriptor[]): void {
  const sizes = new Map(listed.map(({ digest, size }) => [digest, size]));
  for (const [digest, size] of bodies)
    if (sizes.get(digest) !== size) throw new UserError(`it does not have ${digest}`);
  const bytes = [...bodies.values()].reduce((sum, size) => sum + size, 0);
  if (bodies.size > MOST_BODIES || bytes > MOST_FETCHED_BYTES)
    throw new UserError(`it is too large: ${bodies.size} files, ${bytes} bytes`);
}

/** Stops at the first byte that is too many. */
async function keep(
  store: FetchStore,
  { digest, size }: Descriptor,
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  const writer = await store.writer();
  let seen = 0;
  try {
    for await (const chunk of body) {
      seen += chunk.length;
      if (seen > size) throw new UserError(`${digest} is larger than ${size} bytes`);
      await writer.write(chunk);
    }
    const written = await writer.commit(digest);
    if (written.size !== size) throw new UserError(`${digest} has ${seen} bytes, not ${size}`);
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
