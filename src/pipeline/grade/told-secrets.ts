import {
  annotationSecrets,
  distinct,
  provenanceSecrets,
} from '../../facts/secrets/config-secrets.ts';
import type { SecretFinding } from '../../model/facts.ts';
import type { Annotations } from '../../model/oci.ts';

/** Secrets in what everybody reads who pulls the image, besides its layers and config: annotations, and provenance as it stands. */
export function toldSecrets(
  index: Annotations | undefined,
  manifest: Annotations | undefined,
  ...provenance: readonly unknown[]
): readonly SecretFinding[] {
  return distinct([
    ...annotationSecrets(index ?? {}),
    ...annotationSecrets(manifest ?? {}),
    ...provenance.flatMap((predicate) =>
      predicate === undefined ? [] : provenanceSecrets(predicate),
    ),
  ]);
}
