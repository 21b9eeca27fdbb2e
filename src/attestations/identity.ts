import { isDigest, type Digest } from '../model/digest.ts';
import { purlText } from '../model/purl.ts';
import { parseReference } from '../model/reference.ts';
import { err } from '../model/result.ts';

/**
 * Who built, as `runDetails.builder.id` says it: the package that this program is published as, without a version, so that a policy
 * can name it once. The versions of what took part stand in `runDetails.builder.version`. docs/attestations.md defines it.
 */
export const BUILDER_ID = 'pkg:npm/scoville';

/** Who judged, as a verification summary names its verifier. */
export const VERIFIER_ID = 'pkg:npm/scoville';

/** What the parameters of our provenance mean: BuildKit's, and those that docs/attestations.md adds. */
export const BUILD_TYPE = 'pkg:npm/scoville#docs/attestations.md';

/** The specification whose criteria a verdict answers. */
export const CRITERIA_URI = 'https://github.com/chps-dev/chps/blob/main/CHPs.md';

/**
 * The package URL of an image (purl-spec, type `oci`): name and digest, the repository and, where given, the architecture as qualifiers.
 * A name that is no reference gives a purl that holds the digest alone.
 */
export function imagePurl(image: {
  readonly name: string;
  readonly digest: Digest;
  readonly architecture?: string;
}): string {
  // An image without a tag goes by its digest, which would parse as a repository with a tag.
  const reference = isDigest(image.name) ? err('no name') : parseReference(image.name);
  const repository = reference.ok ? reference.value.repository : 'image';
  const name = repository.slice(repository.lastIndexOf('/') + 1);
  const { value: at } = reference.ok ? reference : { value: undefined };
  return purlText({
    type: 'oci',
    path: [name],
    version: image.digest,
    qualifiers: {
      arch: image.architecture,
      repository_url: at && `${at.registry}/${repository}`,
      tag: at?.tag,
    },
  });
}
