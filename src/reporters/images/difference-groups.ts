import type { ImageDifference } from '../../model/difference.ts';

/** The differences of one layer, or what one line wrote of it; or the documents of a platform. */
export interface LayerGroup {
  readonly first: ImageDifference;
  readonly entries: readonly ImageDifference[];
}

/** In the order in which they were found: documents, then layers from the base on. */
export function byLayer(differences: readonly ImageDifference[]): readonly LayerGroup[] {
  const groups = new Map<string, { first: ImageDifference; entries: ImageDifference[] }>();
  for (const one of differences) {
    const key = `${one.platform} ${one.layerIndex ?? 'documents'} ${one.copiedFrom?.line ?? ''}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: one, entries: [one] });
    else group.entries.push(one);
  }
  return [...groups.values()];
}

/** A class of differences, and how many there are of it. */
interface ClassGroup {
  readonly id: string;
  readonly cause: string;
  readonly remedy: string | undefined;
  readonly count: number;
}

/** Each cause with its remedy once, in the order found: one class may have several remedies. */
export function byClass(differences: readonly ImageDifference[]): readonly ClassGroup[] {
  const groups = new Map<string, ClassGroup>();
  for (const { class: id, cause, remedy } of differences) {
    const key = JSON.stringify([id, cause, remedy]);
    const count = (groups.get(key)?.count ?? 0) + 1;
    groups.set(key, { id, cause, remedy, count });
  }
  return [...groups.values()];
}

/**
 * Where a layer comes from: `Dockerfile line 9, out of stage build (RUN in lines 2 and 5)`, or
 * `(written in line 5)`; undefined if that is not known.
 */
export function placeText({
  line,
  copiedFrom,
}: Pick<ImageDifference, 'line' | 'copiedFrom'>): string | undefined {
  if (line === undefined) return undefined;
  if (copiedFrom === undefined) return `Dockerfile line ${line}`;
  const { name, runLines, line: writer } = copiedFrom;
  if (writer !== undefined)
    return `Dockerfile line ${line}, out of stage ${name} (written in line ${writer})`;
  const before = runLines.slice(0, -1).join(', ');
  const last = runLines.at(-1);
  const runs =
    last === undefined
      ? ''
      : ` (RUN in ${before === '' ? `line ${last}` : `lines ${before} and ${last}`})`;
  return `Dockerfile line ${line}, out of stage ${name}${runs}`;
}
