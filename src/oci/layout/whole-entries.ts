import { type Digest, digestHex } from '../../model/digest.ts';
import { type Descriptor, isIndex } from '../../model/oci.ts';
import { taggedEntries, type TaggedManifest } from '../legacy-signature.ts';

const KINDS = 'dev.cosignproject.cosign/';

/**
 * The entries of a layout for an image and all that is said of it: the image under each name,
 * referrers as `oras copy -r` lists them, cosign's manifests by their tags. Those of the image
 * itself are marked as `cosign save` does, for `cosign verify --local-image` and `cosign load`,
 * which want each mark once.
 */
export function wholeEntries(
  named: readonly Descriptor[],
  referrers: readonly Descriptor[],
  tagged: readonly TaggedManifest[],
): readonly Descriptor[] {
  const [first, ...others] = named;
  if (first === undefined) return [];
  const image = marked(first, isIndex(first.mediaType) ? 'imageIndex' : 'image');
  return [
    image,
    ...others,
    ...referrers,
    ...taggedEntries(tagged).map((entry, at) => {
      const kind = kindOf(tagged[at]?.tag, first.digest);
      return kind === undefined ? entry : marked(entry, kind);
    }),
  ];
}

function kindOf(tag: string | undefined, image: Digest): string | undefined {
  if (tag === `sha256-${digestHex(image)}.sig`) return 'sigs';
  return tag === `sha256-${digestHex(image)}.att` ? 'atts' : undefined;
}

function marked(entry: Descriptor, kind: string): Descriptor {
  return { ...entry, annotations: { ...entry.annotations, kind: `${KINDS}${kind}` } };
}
