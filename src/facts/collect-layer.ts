import type { LayerCollector } from '../model/walk.ts';
import { fileCollector } from './filesystem/file-collector.ts';
import { FACTS_SCHEMA, type LayerFacts } from './layer-facts.ts';
import { packageCollector } from './packages/package-collector.ts';
import { secretCollector } from './secrets/secret-collector.ts';
import { textCollector } from './text-collector.ts';

/** Collectors for one walk over one layer, and what they gathered once it has ended. */
export interface LayerCollection {
  readonly collectors: readonly LayerCollector<unknown>[];
  readonly facts: () => LayerFacts;
}

/** Begins to collect a layer's facts, those of secrets unless told otherwise. Hand `collectors` to the walk; call `facts` when it has ended well. */
export function collectLayer({ secrets: withSecrets = true } = {}): LayerCollection {
  const files = fileCollector();
  const packages = packageCollector();
  const secrets = secretCollector();
  const texts = textCollector();
  return {
    collectors: withSecrets ? [files, packages, secrets, texts] : [files, packages, texts],
    facts: () => ({
      schema: FACTS_SCHEMA,
      ...files.finish(),
      ...secrets.finish(),
      secretsScanned: withSecrets,
      ...packages.finish(),
      texts: texts.finish(),
    }),
  };
}
