import type { Digest } from '../model/digest.ts';
import { MOST_TEXT } from './filesystem/file-collector.ts';
import type { FileTree } from './filesystem/file-tree.ts';
import { OS_RELEASES, PASSWD } from './filesystem/filesystem.ts';
import type { Place } from './filesystem/place.ts';
import type { CloserLook } from './layer-facts.ts';
import { linkedRecords } from './packages/linked-records.ts';

/**
 * By layer, what is to be known that was not kept while it was read, since other layers or links
 * decide: passwd and os-release may be links to a file, a hard link made one executable, packages
 * are recorded in a file that only links name.
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
  const looks = new Map<Digest, Set<number>>();
  const look = ({ layer, size }: Place): void => {
    looks.set(layer, (looks.get(layer) ?? new Set()).add(size));
  };
  for (const path of [PASSWD, ...OS_RELEASES]) {
    const file = tree.find(path, true)?.inode;
    if (file?.kind !== 'f' || file.size > MOST_TEXT) continue;
    if (file.attributes?.text === undefined) look(file);
  }
  if (tree.hasUnread)
    for (const place of tree.places())
      if (place.kind === 'f' && place.attributes?.unread === true) look(place);
  return looks;
}
