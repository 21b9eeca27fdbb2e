import { isDeepStrictEqual } from 'node:util';
import type { DifferenceKind, EntryDifference, EntryRecord } from '../model/difference.ts';

/**
 * What is not the same in two layers, in the first's order, then what only the second has. An entry
 * that comes twice in a layer counts by its last, as when it is unpacked; where all entries agree
 * and their order does not, the first that is out of place is named.
 */
export function compareEntries(
  first: readonly EntryRecord[],
  second: readonly EntryRecord[],
): readonly EntryDifference[] {
  const before = new Map(first.map((record) => [record.path, record]));
  const after = new Map(second.map((record) => [record.path, record]));
  const differences: EntryDifference[] = [];
  for (const record of before.values()) {
    const other = after.get(record.path);
    const kinds = other === undefined ? (['presence'] as const) : kindsOf(record, other);
    if (kinds.length > 0)
      differences.push({ path: record.path, kinds, first: record, second: other });
  }
  for (const record of after.values())
    if (!before.has(record.path))
      differences.push({
        path: record.path,
        kinds: ['presence'],
        first: undefined,
        second: record,
      });
  return differences.length > 0 ? differences : outOfPlace(first, second);
}

/** In what two records of one path are not the same; empty where they are. */
function kindsOf(a: EntryRecord, b: EntryRecord): readonly DifferenceKind[] {
  const kinds: DifferenceKind[] = [];
  const note = (kind: DifferenceKind, differs: boolean): void => {
    if (differs) kinds.push(kind);
  };
  note('type', a.type !== b.type);
  note('content', a.content !== b.content || a.size !== b.size);
  note('link', a.link !== b.link);
  note('mode', a.mode !== b.mode);
  note('owner', a.uid !== b.uid || a.gid !== b.gid || a.uname !== b.uname || a.gname !== b.gname);
  note('mtime', a.mtime !== b.mtime);
  note('attributes', !isDeepStrictEqual(a.pax, b.pax));
  note('device', a.devmajor !== b.devmajor || a.devminor !== b.devminor);
  return kinds;
}

function outOfPlace(
  first: readonly EntryRecord[],
  second: readonly EntryRecord[],
): readonly EntryDifference[] {
  const at = first.findIndex((record, i) => record.path !== second[i]?.path);
  const place = at >= 0 ? at : first.length < second.length ? first.length : -1;
  const record = first[place] ?? second[place];
  if (record === undefined) return [];
  return [{ path: record.path, kinds: ['order'], first: first[place], second: second[place] }];
}
