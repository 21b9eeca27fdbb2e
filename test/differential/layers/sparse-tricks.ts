import type { Random } from '../random.ts';
import type { CraftedEntry } from './crafted-layer.ts';

export type Trick = (entry: CraftedEntry, random: Random) => CraftedEntry;

/** The entry with more records before it. */
export function paxOf(entry: CraftedEntry, ...more: (readonly [string, string])[]): CraftedEntry {
  return { ...entry, pax: [...(entry.pax ?? []), ...more] };
}

/** Records of sparse files: whatever they say, an entry with one is refused. */
export const SPARSE_TRICKS: readonly Trick[] = [
  (e) => paxOf(e, ['GNU.sparse.name', 's/b']),
  (e, r) =>
    paxOf(e, [
      `GNU.sparse.${r.pick(['size', 'realsize', 'major', 'map', 'numbytes', 'offset', 'numblocks'])}`,
      r.pick(['', '0', '5', '1', '1,2']),
    ]),
];
