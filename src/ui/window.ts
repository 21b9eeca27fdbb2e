/** Which of `count` rows are shown in `height`, so that `selected` is among them: the first, and one behind the last. */
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
