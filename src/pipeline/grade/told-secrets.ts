import { joined, manifestSecrets, statementSecrets } from '../../facts/secrets/document-secrets.ts';
import type { FoundSecrets } from '../../model/secret-facts.ts';

/**
 * Secrets in what everybody reads who pulls the image, besides its layers and config: index and manifest, whatever they hold, and the
 * predicates of what is attached.
 */
export function toldSecrets(
  documents: readonly unknown[],
  predicates: readonly unknown[],
): FoundSecrets {
  return joined([...documents.map(manifestSecrets), ...predicates.map(statementSecrets)]);
}
