import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../lib/errors.ts';
import { inParallel } from '../../lib/parallel.ts';
import { type Descriptor, MEDIA_TYPE } from '../../model/image.ts';
import type { Digest } from '../../model/reference.ts';
import { parseManifest } from '../documents.ts';
import { describe, missingLayers, taggedManifest, type TaggedManifest } from '../referrers.ts';
import {
  fallbackTag,
  type FetchedManifest,
  listedIn,
  type ManifestToPut,
  type RegistryClient,
} from './client.ts';

/** A tag that several clients add to: a list of referrers, the signatures of an image. */
export interface SharedTag {
  readonly tag: string;
  /** What the tag will point to, made from what it points to now; undefined if nothing changes. */
  readonly merge: (current: FetchedManifest | undefined) => Promise<ManifestToPut | undefined>;
}

type IsReplaced = (listed: Descriptor) => Promise<boolean>;

const MAX_UPDATES = 20;
/** Of two that keep overwriting each other one has to wait longer. */
const LONGEST_WAIT_MS = 200;
/** Entries that are read to find older ones; an image has a dozen. */
const MOST_ASKED = 300;
const AT_ONCE = 6;

/**
 * Adds to the content of a tag, and loses nothing that another client writes at the same time. Uses
 * a condition if the registry supports it, and reads back until nothing is missing. A client that
 * read before this one wrote can still overwrite it, so callers ask again after a while. True if
 * something was written. Throws UserError.
 */
export async function updateSharedTag(
  client: RegistryClient,
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

/**
 * The tag that lists referrers of `subject`, with those of `added` and without those that
 * `isReplaced` names. What else it lists stays as it is, field by field. Throws UserError where the
 * tag is an image.
 */
export function fallbackList(
  repository: string,
  subject: Digest,
  added: readonly Descriptor[],
  isReplaced: IsReplaced,
): SharedTag {
  const tag = fallbackTag(subject);
  const missing = (from: readonly Descriptor[], all: readonly Descriptor[]): Descriptor[] =>
    all.filter(({ digest }) => !from.some((one) => one.digest === digest));
  return {
    tag,
    merge: async (current) => {
      const listed = current === undefined ? [] : listedIn(current, `${repository}:${tag}`);
      const manifests = await merged(listed, added, missing, isReplaced);
      if (manifests === undefined) return undefined;
      const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests };
      return { bytes: Buffer.from(JSON.stringify(index)), mediaType: MEDIA_TYPE.index };
    },
  };
}

/**
 * Signatures or attestations under a cosign tag (`sha256-HEX.sig`, `.att`), which all signers
 * share. Adds the layers of `added` and removes those that `isReplaced` names. Throws UserError if
 * the tag is something else.
 */
export function sharedSignatures(
  client: RegistryClient,
  repository: string,
  { tag, descriptor }: TaggedManifest,
  added: { readonly bytes: Uint8Array; readonly layers: readonly Descriptor[] },
  isReplaced: IsReplaced,
): SharedTag {
  return {
    tag,
    merge: async (current) => {
      if (current === undefined) return { bytes: added.bytes, mediaType: descriptor.mediaType };
      if (current.descriptor.digest === descriptor.digest) return undefined;
      const what = `${repository}:${tag}`;
      if (current.descriptor.mediaType !== MEDIA_TYPE.manifest)
        throw new UserError(`${what} is not a list of signatures`, {
          nextStep: 'cosign keeps signatures under this tag; remove what is there.',
        });
      const { layers: listed } = parseManifest(current.bytes, what);
      const layers = await merged(listed, added.layers, missingLayers, isReplaced);
      if (layers === undefined) return undefined;
      const { config, manifest } = taggedManifest(layers);
      await client.pushBlob(repository, {
        blob: describe(MEDIA_TYPE.config, config),
        open: () => bytesOf(config),
      });
      return { bytes: manifest, mediaType: MEDIA_TYPE.manifest };
    },
  };
}

/** The list with what is added and without what that replaces; undefined if nothing changes. */
async function merged(
  listed: readonly Descriptor[],
  added: readonly Descriptor[],
  missing: (from: readonly Descriptor[], all: readonly Descriptor[]) => readonly Descriptor[],
  isReplaced: IsReplaced,
): Promise<readonly Descriptor[] | undefined> {
  const replaced = new Set<Descriptor>();
  const others = missing(added, listed).slice(0, MOST_ASKED);
  await inParallel(others, AT_ONCE, async (one) => {
    if (await isReplaced(one)) replaced.add(one);
  });
  const kept = listed.filter((one) => !replaced.has(one));
  const more = missing(kept, added);
  return more.length + replaced.size === 0 ? undefined : [...kept, ...more];
}

// eslint-disable-next-line @typescript-eslint/require-await -- what is at hand, as an upload reads it
async function* bytesOf(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
