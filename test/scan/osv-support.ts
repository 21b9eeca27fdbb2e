import type { Package } from '../../src/model/packages.ts';
import { digestOf } from '../../src/model/reference.ts';
import type { RecordCache } from '../../src/scan/osv.ts';

/** A package of an image; `given` says what else its record holds. */
export function pkg(
  type: Package['type'],
  name: string,
  version: string,
  given: Partial<Package> = {},
): Package {
  return {
    type,
    name,
    version,
    purl: `pkg:${type}/${name}@${version}`,
    licenses: [],
    location: { path: `db/${name}`, layer: digestOf('layer') },
    ...given,
  };
}

/** A cache in memory, with what it was asked for and not found. */
export function memoryCache(): RecordCache & { readonly kept: Map<string, unknown> } {
  const kept = new Map<string, unknown>();
  return {
    kept,
    get: (key) => Promise.resolve(structuredClone(kept.get(key))),
    set: (key, value) => {
      kept.set(key, structuredClone(value));
      return Promise.resolve();
    },
  };
}
