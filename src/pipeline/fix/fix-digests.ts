import type { Digest } from '../../model/digest.ts';
import { messageOf } from '../../model/errors.ts';
import type { LockFile } from '../../model/lock.ts';
import { formatReference, withDefaultTag } from '../../model/reference.ts';
import { err, ok, type Result } from '../../model/result.ts';
import { slimImages } from '../../rules/minimal-base/edit.ts';
import { runtimeImages } from '../../rules/no-shell/edit.ts';
import type { PipelineContext } from '../context.ts';
import type { FactsRequest } from '../grade/facts-request.ts';
import type { Registries } from '../registries.ts';

/**
 * The digests that the tags of a Dockerfile lead to, by full reference. What scoville.lock holds is taken from there, so that
 * both say the same; with `refresh` every registry is asked. An image that only the engine has cannot be built by digest.
 */
export async function fixDigests(
  context: PipelineContext,
  registries: Registries,
  { read, refresh, settings }: FactsRequest,
  beside: LockFile | undefined,
): Promise<ReadonlyMap<string, Result<Digest>>> {
  const lock = refresh ? undefined : beside;
  const inFile = read.model.externalImages.flatMap(({ reference }) => {
    if (reference === undefined) return [];
    const { digest, ...unpinned } = reference;
    if (digest !== undefined && (!refresh || reference.tag === undefined)) return [];
    return [withDefaultTag(unpinned)];
  });
  const wanted = [...inFile, ...runtimeImages(read, settings.fix.distroless), ...slimImages(read)];
  const own = new Set(read.model.externalImages.map(({ reference }) => reference?.registry));
  const names = new Map(wanted.map((reference) => [formatReference(reference), reference]));
  const found = await Promise.all(
    [...names].map(async ([name, reference]): Promise<[string, Result<Digest>]> => {
      const locked = lock?.images.get(name);
      if (locked !== undefined && !locked.local) return [name, ok(locked.digest)];
      try {
        const { registry, repository, tag = 'latest' } = reference;
        // What an edit would bring in: offline, only registries of images that the Dockerfile has are asked.
        if (settings.offline && !own.has(registry)) return [name, err(`${registry} is not asked`)];
        const root = await registries.reader(registry).findManifest(repository, tag);
        if (root === undefined) return [name, err(`${registry} does not have it`)];
        return [name, ok(root.descriptor.digest)];
      } catch (error) {
        context.signal.throwIfAborted();
        return [name, err(messageOf(error))];
      }
    }),
  );
  return new Map(found);
}
