import { UserError } from '../../model/errors.ts';
import { inParallel } from '../../model/in-parallel.ts';
import { type Descriptor, MEDIA_TYPE } from '../../model/oci.ts';
import { parseManifest } from '../documents.ts';
import { missingLayers, taggedManifest, type TaggedManifest } from '../legacy-signature.ts';
import { describe } from '../referrers.ts';
import type { RegistryClient } from './registry-client.ts';
import type { SharedTag } from './shared-tag.ts';

const AT_ONCE = 6;
/** Layers that are read to find older ones; a signature costs what reading it costs. */
const MOST_ASKED = 300;

/**
 * Signatures or attestations under a tag of cosign's (`sha256-HEX.sig`, `.att`), with the layers of
 * `added` and without those that `isReplaced` names: a tag holds those of all signers. Throws
 * UserError where the tag is something else.
 */
export function sharedSignatures(
  client: RegistryClient,
  repository: string,
  { tag, descriptor }: TaggedManifest,
  added: { readonly bytes: Uint8Array; readonly layers: readonly Descriptor[] },
  isReplaced: (layer: Descriptor) => Promise<boolean>,
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
      const { layers } = parseManifest(current.bytes, what);
      const others = missingLayers(added.layers, layers);
      const replaced = new Set<Descriptor>();
      await inParallel(others.slice(0, MOST_ASKED), AT_ONCE, async (layer) => {
        if (await isReplaced(layer)) replaced.add(layer);
      });
      const kept = layers.filter((layer) => !replaced.has(layer));
      const missing = missingLayers(kept, added.layers);
      if (missing.length + replaced.size === 0) return undefined;
      const made = taggedManifest([...kept, ...missing]);
      await client.pushBlob(repository, {
        blob: describe(MEDIA_TYPE.config, made.config),
        open: (start) => bytesOf(made.config.subarray(start)),
      });
      return { bytes: made.manifest, mediaType: MEDIA_TYPE.manifest };
    },
  };
}

// eslint-disable-next-line @typescript-eslint/require-await -- what is at hand, as an upload reads it
async function* bytesOf(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
