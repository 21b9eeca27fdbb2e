import { byCodeUnit } from '../model/order.ts';
import { byEach, byNumber } from './numbers.ts';

/** Orders Ruby gem versions as `Gem::Version` does: words are pre-releases, a hyphen is `.pre.`. */
export function compareGem(a: string, b: string): number {
  return byEach(segmentsOf(a), segmentsOf(b), (x = '0', y = '0') => {
    const [isNumber, isOtherNumber] = [/^\d/.test(x), /^\d/.test(y)];
    if (isNumber && isOtherNumber) return byNumber(x, y);
    return Number(isNumber) - Number(isOtherNumber) || byCodeUnit(x, y);
  });
}

/** Numbers and words; zeros at the end of the release and of the whole do not count. */
function segmentsOf(version: string): readonly string[] {
  const all = version.replaceAll('-', '.pre.').match(/\d+|[a-z]+/gi) ?? [];
  const word = all.findIndex((segment) => !/^\d/.test(segment));
  const end = word < 0 ? all.length : word;
  return [...withoutZeros(all.slice(0, end)), ...withoutZeros(all.slice(end))];
}

function withoutZeros(segments: readonly string[]): readonly string[] {
  return segments.slice(0, segments.findLastIndex((segment) => !/^0+$/.test(segment)) + 1);
}
