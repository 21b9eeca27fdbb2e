/** The place of the first byte that differs. */
export function firstDifference(first: Uint8Array, second: Uint8Array): string {
  const length = Math.min(first.length, second.length);
  let at = 0;
  while (at < length && first[at] === second[at]) at += 1;
  const sizes =
    first.length === second.length ? '' : `; ${first.length} and ${second.length} bytes`;
  return `from byte ${at} on${sizes}`;
}
