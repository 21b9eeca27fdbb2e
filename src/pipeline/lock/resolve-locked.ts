import { type Digest, isDigest } from '../../model/digest.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import { isObject } from '../../model/json-value.ts';
import type { LockedImage } from '../../model/lock.ts';
import { type Platform, platformName } from '../../model/oci.ts';
import { formatReference, type ImageReference } from '../../model/reference.ts';
import { openCache, type JsonCache } from '../../oci/layout/caches.ts';
import { RegistryError } from '../../oci/registry/registry-errors.ts';
import type { NeededImage } from '../../plans/external-images.ts';
import type { LocalImage } from '../../tools/docker/docker-images.ts';
import type { PipelineContext } from '../context.ts';
import type { Registries } from '../registries.ts';
import { type FoundImage, foundHere, imageOfRegistry } from '../resolve-images.ts';

interface Where {
  readonly context: PipelineContext;
  readonly registries: Registries;
  readonly platform: Platform;
  readonly lockPath: string;
  /** What cannot be asked for is an error, where the lock is made again. */
  readonly strict: boolean;
  /** A replay asks no registry for what the recording got from it. */
  readonly hermetic?: 'record' | 'replay' | undefined;
}

/**
 * The images of a build with a lock: what the lock holds at the digest it gives, whatever its tag
 * says now; the others from their registries, and from the engine's store only where no registry
 * has them. Throws UserError where a registry has lost a locked digest.
 */
export async function resolveLocked(
  where: Where,
  needed: readonly NeededImage[],
  locked: ReadonlyMap<string, LockedImage>,
  local: readonly (LocalImage | undefined)[],
): Promise<readonly FoundImage[]> {
  const { context, platform, hermetic } = where;
  const known = hermetic === undefined ? undefined : new KnownImages(context, platform);
  const found = await Promise.all(
    needed.map(async ({ reference }, i): Promise<FoundImage | undefined> => {
      const name = formatReference(reference);
      const entry = locked.get(name);
      const here = local[i];
      const digest = reference.digest ?? entry?.digest;
      const recorded = hermetic === 'replay' ? await known?.recall({ name, digest }) : undefined;
      const platforms = entry?.platforms ?? new Map<string, Digest>();
      if (recorded !== undefined)
        return { reference, name, digest, platforms, local: false, ...recorded };
      if (entry !== undefined && !entry.local && reference.digest === undefined)
        return atLockedDigest(where, reference, name, entry);
      if (entry?.local === true && here !== undefined) return foundHere(reference, here);
      return newlyFound(where, reference, name, here);
    }),
  );
  const images = found.filter((image) => image !== undefined);
  for (const image of images) if (!image.local) await known?.remember(image);
  return images;
}

async function atLockedDigest(
  where: Where,
  reference: ImageReference,
  name: string,
  { digest, platforms }: LockedImage,
): Promise<FoundImage> {
  const { context, registries, platform, lockPath } = where;
  const asked = { ...reference, digest };
  const held = { reference, name, digest, platforms, local: false };
  const image = await imageOfRegistry(registries, asked, name, platform).catch((error: unknown) => {
    context.signal.throwIfAborted();
    tell(where, `${name} was not looked up, its digest is the lock's`, error);
    return 'not asked' as const;
  });
  if (image === 'not asked') return { ...held, created: undefined, layers: undefined };
  if (image === undefined)
    throw new UserError(`${reference.registry} no longer has ${name}@${digest} of ${lockPath}`, {
      nextStep: 'scoville lock PATH locks what the tag points to now',
    });
  return { ...image, ...held };
}

async function newlyFound(
  where: Where,
  reference: ImageReference,
  name: string,
  here: LocalImage | undefined,
): Promise<FoundImage | undefined> {
  const { context, registries, platform } = where;
  try {
    const image = await imageOfRegistry(registries, reference, name, platform);
    if (image !== undefined) return image;
  } catch (error) {
    context.signal.throwIfAborted();
    if (where.strict && !isRefusal(error))
      throw new UserError(`${name} cannot be resolved: ${messageOf(error)}`, { cause: error });
    if (here === undefined) tell(where, `${name} was not resolved before the build`, error);
  }
  if (here !== undefined) return foundHere(reference, here);
  if (where.strict)
    throw new UserError(`neither ${reference.registry} nor the engine has ${name}`, {
      nextStep: 'check the name in the Dockerfile',
    });
  return undefined;
}

/** The registry answered, but has no such image for us: an engine's own image is in no registry. */
function isRefusal(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof RegistryError && [401, 403, 404].includes(cause.status);
}

function tell({ context }: Where, what: string, error: unknown): void {
  context.emit({ kind: 'notice', text: `${what}: ${messageOf(error)}` });
}

const SCHEMA = 1;

type Known = Pick<FoundImage, 'created' | 'layers'>;

/**
 * What registries have said of images at a digest, which does not change: a replay asks nobody
 * again.
 */
class KnownImages {
  readonly #cache: JsonCache;
  readonly #platform: string;

  constructor(context: PipelineContext, platform: Platform) {
    this.#cache = openCache(context, 'images', SCHEMA);
    this.#platform = platformName(platform);
  }

  async recall({ name, digest }: Pick<FoundImage, 'name' | 'digest'>): Promise<Known | undefined> {
    const found = await this.#cache.get(this.#key(name, digest));
    if (!isObject(found)) return undefined;
    const { created, layers } = found;
    if (typeof created !== 'string' || !Array.isArray(layers) || !layers.every(isDigest))
      return undefined;
    return { created, layers };
  }

  async remember({ name, digest, created, layers }: FoundImage): Promise<void> {
    if (digest === undefined || created === undefined || layers === undefined) return;
    await this.#cache.set(this.#key(name, digest), { created, layers });
  }

  #key(name: string, digest: string | undefined): string {
    return `${name}@${digest ?? ''} ${this.#platform}`;
  }
}
