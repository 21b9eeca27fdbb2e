import type { LayerCollector, LayerEntry } from '../model/walk.ts';
import { fileCollector } from './filesystem/file-collector.ts';
import { type CloserLook, FACTS_SCHEMA, type LayerFacts } from './layer-facts.ts';
import { packageCollector } from './packages/package-collector.ts';
import { secretCollector } from './secrets/secret-collector.ts';

/** Collectors for one walk over one layer, and what they gathered once it has ended. */
interface LayerCollection {
  readonly collectors: readonly LayerCollector<unknown>[];
  readonly facts: () => LayerFacts;
}

/** What to look for in a layer: secrets unless turned off, and some files in more detail. */
interface CollectOptions {
  readonly secrets?: boolean;
  readonly closer?: CloserLook | undefined;
}

/** Starts to collect a layer's facts. Pass `collectors` to the walk; call `facts` on success. */
export function collectLayer({
  secrets: withSecrets = true,
  closer,
}: CollectOptions = {}): LayerCollection {
  const files = fileCollector(closer?.sizes ?? []);
  const packages = packageCollector(closer?.records);
  const secrets = secretCollector();
  // Files come first: the others see an entry where it is unpacked, which links of its layer
  // decide.
  const placed = <T>(collector: LayerCollector<T>): LayerCollector<T> => ({
    ...collector,
    wants: (entry) => collector.wants(atPlace(entry, files.path())),
    visit: (entry, content, truncated) => {
      collector.visit(atPlace(entry, files.path()), content, truncated);
    },
  });
  const others = withSecrets ? [packages, secrets] : [packages];
  return {
    collectors: [files, ...others.map((collector) => placed<unknown>(collector))],
    facts: () => ({
      schema: FACTS_SCHEMA,
      ...files.finish(),
      ...secrets.finish(),
      secretsScanned: withSecrets,
      ...packages.finish(),
    }),
  };
}

function atPlace(entry: LayerEntry, path: string | undefined): LayerEntry {
  return path === undefined || path === entry.path ? entry : { path, entry: entry.entry };
}
