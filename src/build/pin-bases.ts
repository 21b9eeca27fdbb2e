import { messageOf } from '../lib/errors.ts';
import type { Platform } from '../model/image.ts';
import {
  familiarReference,
  formatReference,
  parseReference,
  withDefaultTag,
} from '../model/reference.ts';
import { imageOfRegistry, type Registries } from './registries.ts';

export interface PinnedBase {
  readonly role: string;
  readonly image: string;
  readonly digest: string | undefined;
  readonly reason: string | undefined;
}

/** Any platform will do: the digest is that of the index. */
const PLATFORM: Platform = { os: 'linux', architecture: 'amd64' };

/** Asks registries for the bases' digests; if that fails, keeps tag and reason. Throws on abort. */
export async function pinBases(
  registries: Registries | undefined,
  bases: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<readonly PinnedBase[]> {
  return Promise.all(
    [...bases].map(async ([role, image]): Promise<PinnedBase> => {
      const left = (reason: string): PinnedBase => ({ role, image, digest: undefined, reason });
      const read = parseReference(image);
      if (!read.ok) return left(read.error);
      if (read.value.digest !== undefined)
        return { role, image, digest: read.value.digest, reason: undefined };
      if (registries === undefined) return left('no registry was asked');
      const reference = withDefaultTag(read.value);
      try {
        const name = formatReference(reference);
        const found = await imageOfRegistry(registries, reference, name, PLATFORM);
        if (found?.digest === undefined) return left('its registry has no such image');
        const pinned = familiarReference({ ...reference, digest: found.digest });
        return { role, image: pinned, digest: found.digest, reason: undefined };
      } catch (error) {
        signal.throwIfAborted();
        return left(messageOf(error));
      }
    }),
  );
}
