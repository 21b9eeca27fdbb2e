/** The rows of `count` to show in `height`, with `selected`: the first, and one after the last. */
export function windowOf(
  count: number,
  selected: number,
  height: number,
): { readonly from: number; readonly to: number } {
  const room = Math.max(1, height);
  if (count <= room) return { from: 0, to: count };
  const from = Math.min(Math.max(0, selected - Math.floor(room / 2)), count - room);
  return { from, to: from + room };
}

/** A place in a list, moved and kept inside. */
export function moved(place: number, by: number, count: number): number {
  return Math.max(0, Math.min(count - 1, place + by));
}

/** One row down (1) or up (-1) as arrows, j and k ask for; 0 for any other key. */
export function rowStep(
  input: string,
  key: { readonly downArrow?: boolean; readonly upArrow?: boolean },
): number {
  return key.downArrow || input === 'j' ? 1 : key.upArrow || input === 'k' ? -1 : 0;
}
