import { byCodeUnit } from '../model/order.ts';
import { byNumber, epochParts } from './numbers.ts';

/** Orders two versions as rpm does (rpm-version(7)): epoch, then version, then release. */
export function compareRpm(a: string, b: string): number {
  const [left, right] = [epochParts(a, 'first'), epochParts(b, 'first')];
  return (
    byNumber(left.epoch, right.epoch) ||
    compareRpmParts(left.version, right.version) ||
    compareRpmParts(left.release, right.release)
  );
}

/**
 * `rpmvercmp`: runs of digits and of letters; all else only separates them, but `~`, before
 * everything, and `^`, after the end and before what goes on.
 */
function compareRpmParts(a: string, b: string): number {
  const [left, right] = [tokensOf(a), tokensOf(b)];
  for (let i = 0; ; i++) {
    const [one, other] = [left[i], right[i]];
    if (one === undefined && other === undefined) return 0;
    const order = rpmRank(one) - rpmRank(other);
    if (order !== 0) return order;
    if (one === undefined || other === undefined) continue;
    const within = /^\d/.test(one) ? byNumber(one, other) : byCodeUnit(one, other);
    if (within !== 0) return within;
  }
}

function tokensOf(text: string): readonly string[] {
  return text.match(/\d+|[A-Za-z]+|[~^]/g) ?? [];
}

function rpmRank(token: string | undefined): number {
  if (token === undefined) return 1;
  if (token === '~') return 0;
  if (token === '^') return 2;
  return /^\d/.test(token) ? 4 : 3;
}
