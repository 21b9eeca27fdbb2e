import { type Digest, isDigest } from '../../model/digest.ts';
import { messageOf } from '../../model/errors.ts';
import type { Platform } from '../../model/oci.ts';
import { familiarReference, formatReference, type ImageReference } from '../../model/reference.ts';
import { err, ok, type Result } from '../../model/result.ts';
import type { Settings } from '../../model/settings.ts';
import { vouchedBy } from '../../rules/trusted-source/trusted-publishers.ts';
import { inspectLocalImages } from '../../tools/docker/docker-images.ts';
import type { PipelineContext } from '../context.ts';
import type { Registries } from '../registries.ts';
import { imageOfRegistry } from '../resolve-images.ts';

/** The diffIDs of the base that a statement names, lowest first, or why they could not be had. */
export type BaseLayers = (
  base: ImageReference & { readonly digest: Digest },
  image: { readonly platform: Platform; readonly layers: readonly Digest[] },
) => Promise<Result<readonly Digest[]>>;

/** Different bases that are asked for in one run on behalf of statements that nobody signed. */
const MAX_BASES = 8;

/**
 * Looks up bases by digest for statements that nobody signed. Such a statement must not choose whom
 * we ask: the Docker engine of this machine is asked, and a registry only where a publisher of the
 * table or the user's `trust.images` vouches for the image, or where the graded image itself comes
 * from there.
 */
export function baseLayers(
  context: PipelineContext,
  registries: Registries,
  settings: Pick<Settings, 'trust' | 'offline'>,
  home: string | undefined,
): BaseLayers {
  const asked = new Map<string, ReturnType<typeof imageOfRegistry>>();
  const fromRegistry = async (
    base: ImageReference,
    platform: Platform,
  ): Promise<Result<readonly Digest[]>> => {
    const name = formatReference(base);
    const shown = familiarReference(base);
    if (settings.offline) return err(`${shown} was not fetched (offline)`);
    if (base.registry !== home && vouchedBy(base, settings.trust.images) === undefined)
      return err(`${base.registry} is not asked for ${shown}, which only the statement names`);
    const key = `${name} ${platform.os}/${platform.architecture}/${platform.variant ?? ''}`;
    if (!asked.has(key) && asked.size >= MAX_BASES)
      return err(`unsigned statements name more than ${MAX_BASES} bases`);
    const found = asked.get(key) ?? imageOfRegistry(registries, base, name, platform);
    asked.set(key, found);
    try {
      const layers = (await found)?.layers;
      return layers === undefined ? err(`${shown} was not found`) : ok(layers);
    } catch (error) {
      context.signal.throwIfAborted();
      return err(`${shown} was not fetched: ${messageOf(error)}`);
    }
  };
  return async ({ registry, repository, digest }, { platform, layers }) => {
    const base = { registry, repository, digest };
    const here = await layersHere(context, base);
    return beginsWith(layers, here) ? ok(here) : fromRegistry(base, platform);
  };
}

/**
 * The engine's own copy, none where it has none. Its id has to be the digest, for an archive that
 * was loaded can give any image a name with the digest of another. Of several platforms it shows
 * one.
 */
async function layersHere(
  context: PipelineContext,
  base: ImageReference & { readonly digest: Digest },
): Promise<readonly Digest[]> {
  const name = formatReference(base);
  const [found] = await inspectLocalImages(context.run, [name], context.signal).catch(() => []);
  context.signal.throwIfAborted();
  return found?.id === base.digest ? found.layers : [];
}

/** True where `layers` begin with those of `base`, of which there is at least one. */
export function beginsWith(layers: readonly Digest[], base: readonly Digest[]): boolean {
  return base.length > 0 && base.every((layer, i) => isDigest(layer) && layer === layers[i]);
}
