import { setTimeout as sleep } from 'node:timers/promises';
import type { Digest } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import type { FetchedManifest, ManifestToPut } from './manifest-writes.ts';
import type { RegistryConnection } from './registry-connection.ts';

/** A tag that several clients add to: a list of referrers, the signatures of an image. */
export interface SharedTag {
  readonly tag: string;
  /** What the tag will point to, made from what it points to now; undefined if nothing changes. */
  readonly merge: (current: FetchedManifest | undefined) => Promise<ManifestToPut | undefined>;
}

/** What is needed of a client; the client itself is handed in. */
interface Tags {
  readonly connection: RegistryConnection;
  findManifest(repository: string, reference: string): Promise<FetchedManifest | undefined>;
  putManifest(repository: string, reference: string, manifest: ManifestToPut): Promise<unknown>;
  replaceTag(
    repository: string,
    tag: string,
    manifest: ManifestToPut,
    before: FetchedManifest | undefined,
  ): Promise<boolean>;
}

const MAX_UPDATES = 20;
/** Of two that keep overwriting each other one has to wait longer. */
const LONGEST_WAIT_MS = 200;

/**
 * Adds to what a tag stands for, and loses nothing that another client writes at the same time: on
 * a condition where the registry knows conditions, and read back in any case until nothing is
 * missing. A client that read before this one wrote can still overwrite it, so callers ask again
 * after a while. True where something was written. Throws UserError.
 */
export async function updateSharedTag(
  client: Tags,
  repository: string,
  { tag, merge }: SharedTag,
): Promise<boolean> {
  let isWritten = false;
  let refused: Digest | 'absent' | undefined;
  for (let attempt = 0; attempt <= MAX_UPDATES; attempt++) {
    const current = await client.findManifest(repository, tag);
    const wanted = await merge(current);
    if (wanted === undefined) return isWritten;
    // Merging reads and uploads: what was written meanwhile is seen now, right before the write.
    const again = await client.findManifest(repository, tag);
    const version = again?.descriptor.digest ?? 'absent';
    if (version !== (current?.descriptor.digest ?? 'absent')) continue;
    // Refused, and nobody wrote: it is the condition itself that this registry does not take.
    const isStored =
      refused === version
        ? await client.putManifest(repository, tag, wanted).then(() => true)
        : await client.replaceTag(repository, tag, wanted, again);
    isWritten ||= isStored;
    refused = isStored ? undefined : version;
    if (attempt > 0)
      await sleep(Math.random() * LONGEST_WAIT_MS, undefined, { signal: client.connection.signal });
  }
  throw new UserError(`${repository}:${tag} keeps changing while it is written`, {
    nextStep: 'Another client writes signatures of the same image; run the command again.',
  });
}
