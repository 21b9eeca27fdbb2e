import type { Digest } from '../model/digest.ts';
import { MOST_TEXT } from './filesystem/file-collector.ts';
import type { FileTree } from './filesystem/file-tree.ts';
import { OS_RELEASES, PASSWD } from './filesystem/filesystem.ts';
import { NONE } from './filesystem/places.ts';
import type { CloserLook } from './layer-facts.ts';
import { linkedRecords } from './packages/linked-records.ts';

/**
 * By layer, what is to be known that was not kept while it was read, since other layers or links decide: passwd and os-release lead over
 * links to a file, a hard link made one executable, packages are recorded in a file that only links tell.
 */
export function closerLooks(tree: FileTree): ReadonlyMap<Digest, CloserLook> {
  const sizes = closerSizes(tree);
  const records = linkedRecords(tree);
  return new Map(
    [...new Set([...sizes.keys(), ...records.keys()])].map((layer) => [
      layer,
      {
        sizes: [...(sizes.get(layer) ?? [])].sort((a, b) => a - b),
        records: records.get(layer) ?? {},
      },
    ]),
  );
}

function closerSizes(tree: FileTree): ReadonlyMap<Digest, ReadonlySet<number>> {
  const { places } = tree;
  const looks = new Map<Digest, Set<number>>();
  const look = (place: number): void => {
    const layer = places.layerOf(place);
    looks.set(layer, (looks.get(layer) ?? new Set()).add(places.sizeOf(place)));
  };
  for (const path of [PASSWD, ...OS_RELEASES]) {
    const found = tree.placeAt(path, true);
    const place = found === NONE ? NONE : places.inodeOf(found);
    if (place === NONE || places.kindOf(place) !== 'f' || places.sizeOf(place) > MOST_TEXT)
      continue;
    if (places.attributesOf(place)?.text === undefined) look(place);
  }
  if (tree.hasUnread)
    tree.forEach((place) => {
      if (places.kindOf(place) === 'f' && places.attributesOf(place)?.unread === true) look(place);
    });
  return looks;
}
