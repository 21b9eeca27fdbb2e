import { UserError } from '../../src/lib/errors.ts';
import { type Item, layerFacts } from './support.ts';

/** The items that a layer can hold, each after those before it: what engines refuse is left out. */
export function unpacked(items: readonly Item[]): readonly Item[] {
  const taken: Item[] = [];
  for (const item of items)
    try {
      layerFacts([...taken, item]);
      taken.push(item);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  return taken;
}
