import type { Condition } from './rule.ts';

type Range = readonly [from: number, to: number];

/** Values of an argument are 64 bits wide; those that are compared with have 32. */
const LAST = Number.POSITIVE_INFINITY;
const ALL: readonly Range[] = [[0, LAST]];
/** Ranges up to this many values are gone through one by one. */
const FEW = 64;

/** True where an argument meets the condition; arguments are at most 32 bits wide. */
export function meets(argument: number, { op, value, mask }: Condition): boolean {
  switch (op) {
    case 'EQ':
      return argument === value;
    case 'NE':
      return argument !== value;
    case 'LT':
      return argument < value;
    case 'LE':
      return argument <= value;
    case 'GT':
      return argument > value;
    case 'GE':
      return argument >= value;
    case 'MASKED_EQ':
      return (argument & mask) >>> 0 === value;
  }
}

/**
 * True where each value that meets `inner` meets one of `outer`; undefined for `inner` is any
 * value. In doubt false.
 */
export function isWithin(inner: Condition | undefined, outer: readonly Condition[]): boolean {
  const masks = outer.filter(({ op }) => op === 'MASKED_EQ');
  const ranges = outer.flatMap((one) => rangesOf(one) ?? []);
  const values = inner === undefined ? ALL : rangesOf(inner);
  if (values === undefined) {
    if (inner === undefined) return false;
    return masks.some((mask) => masksWithin(inner, mask)) || !reaches(inner, gaps(ranges));
  }
  return values.every(
    (range) => masks.some((mask) => rangeWithin(range, mask)) || !overlaps(range, gaps(ranges)),
  );
}

/** The values as ranges; undefined for a mask. */
function rangesOf({ op, value }: Condition): readonly Range[] | undefined {
  switch (op) {
    case 'EQ':
      return [[value, value]];
    case 'NE':
      return [[0, value - 1] as const, [value + 1, LAST] as const].filter(([a, b]) => a <= b);
    case 'LT':
      return value === 0 ? [] : [[0, value - 1]];
    case 'LE':
      return [[0, value]];
    case 'GT':
      return [[value + 1, LAST]];
    case 'GE':
      return [[value, LAST]];
    case 'MASKED_EQ':
      return undefined;
  }
}

/** What lies in none of the ranges. */
function gaps(ranges: readonly Range[]): readonly Range[] {
  const found: Range[] = [];
  let next = 0;
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (from > next) found.push([next, from - 1]);
    next = Math.max(next, to + 1);
  }
  return next === LAST ? found : [...found, [next, LAST]];
}

function overlaps([from, to]: Range, others: readonly Range[]): boolean {
  return others.some(([start, end]) => start <= to && from <= end);
}

/** True where a value of the mask's may lie in one of the ranges. */
function reaches(mask: Condition, ranges: readonly Range[]): boolean {
  return ranges.some(([from, to]) => {
    if (to - from >= FEW) return true;
    return Array.from({ length: to - from + 1 }, (_, i) => from + i).some((value) =>
      meets(value, mask),
    );
  });
}

/** True where the inner mask fixes all bits that the outer compares, to the same. */
function masksWithin(inner: Condition, outer: Condition): boolean {
  const isFixed = (inner.mask & outer.mask) >>> 0 === outer.mask;
  return isFixed && (inner.value & outer.mask) >>> 0 === outer.value;
}

/** True where no bit that the mask compares changes within the range, and all are as it wants. */
function rangeWithin([from, to]: Range, mask: Condition): boolean {
  if (to > 0xffffffff || !meets(from, mask)) return false;
  const changing = 32 - Math.clz32(from ^ to);
  const low = changing >= 32 ? 0xffffffff : 2 ** changing - 1;
  return (mask.mask & low) === 0;
}
