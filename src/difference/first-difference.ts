/** The place of the first byte that differs. */
export function firstDifference(first: Uint8Array, second: Uint8Array): string {
  const length = Math.min(first.length, second.length);
  let at = 0;
  while (at < length && first[at] === second[at]) at += 1;
  const sizes =
    first.length === second.length ? '' : `; ${first.length} and ${second.length} bytes`;
  return `from byte ${at} on${sizes}`;
}

const ID = /[0-9a-f-]/i;
/** Of a uuid, or of what is longer. */
const DIGITS = 32;

/** The place of the first byte that differs; whether all that differs is in ids, written in hex. */
export function binaryDifference(first: Uint8Array, second: Uint8Array): string {
  const place = firstDifference(first, second);
  return first.length === second.length && differsInIds(first, second)
    ? `hex digits of ids, ${place}`
    : place;
}

function differsInIds(first: Uint8Array, second: Uint8Array): boolean {
  const isId = (at: number): boolean =>
    [first[at], second[at]].every(
      (byte) => byte !== undefined && ID.test(String.fromCharCode(byte)),
    );
  for (let at = 0; at < first.length; at += 1) {
    if (first[at] === second[at]) continue;
    if (!isId(at)) return false;
    let from = at;
    let to = at;
    while (isId(from - 1)) from -= 1;
    while (isId(to)) to += 1;
    const text = Buffer.from(first.subarray(from, to)).toString('latin1').replaceAll('-', '');
    if (text.length < DIGITS) return false;
    at = to - 1;
  }
  return true;
}
