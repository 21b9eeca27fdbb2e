/** RFC 1951 section 3.2.5: lengths 3 to 258 and distances 1 to 32768 as a symbol and extra bits. */
export const END_OF_BLOCK = 256;
export const LITERALS = 286;
export const DISTANCES = 30;

export const LENGTH_EXTRA = Uint8Array.of(
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0],
);
export const DISTANCE_EXTRA = Uint8Array.of(
  ...[0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12],
  ...[13, 13],
);
export const LENGTH_BASE = bases(LENGTH_EXTRA, 3);
export const DISTANCE_BASE = bases(DISTANCE_EXTRA, 1);
/** 258 has a symbol of its own, the last, though the one before could spell it. */
LENGTH_BASE[28] = 258;

/** Index into the length tables, by match length. */
export const LENGTH_SLOT = lengthSlots();
const NEAR_SLOT = distanceSlots();

/** Index into the distance tables. */
export function distanceSlot(distance: number): number {
  return distance <= 256
    ? (NEAR_SLOT[distance - 1] ?? 0)
    : (NEAR_SLOT[256 + ((distance - 1) >> 7)] ?? 0);
}

function bases(extra: Uint8Array, first: number): Uint16Array {
  const out = new Uint16Array(extra.length);
  let base = first;
  extra.forEach((bits, slot) => {
    out[slot] = base;
    base += 1 << bits;
  });
  return out;
}

function lengthSlots(): Uint8Array {
  const slots = new Uint8Array(259);
  for (let slot = 0; slot < 29; slot++)
    for (let i = LENGTH_BASE[slot] ?? 0; i < 259; i++) slots[i] = slot;
  return slots;
}

/** Distances to 256 one by one, larger ones by their upper bits, as zlib keeps them. */
function distanceSlots(): Uint8Array {
  const slots = new Uint8Array(512);
  for (let slot = 0; slot < DISTANCES; slot++) {
    const from = (DISTANCE_BASE[slot] ?? 1) - 1;
    if (from < 256) slots.fill(slot, from, 256);
    slots.fill(slot, 256 + (from >> 7));
  }
  return slots;
}
