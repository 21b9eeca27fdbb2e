import { byCodeUnit } from '../model/order.ts';
import { byEach, byNumber } from './numbers.ts';

interface SemanticVersion {
  readonly numbers: readonly string[];
  /** Empty for a release. */
  readonly early: readonly string[];
}

/**
 * Orders two versions by Semantic Versioning 2.0 (section 11), as npm, crates.io and Go do. Read
 * with patience: `v1.2` is 1.2.0, `1.21rc2` (Go's own) has a pre-release, and there may be more
 * than three numbers. What has no number in front comes first.
 */
export function compareSemver(a: string, b: string): number {
  const [left, right] = [semanticVersion(a), semanticVersion(b)];
  if (left === undefined || right === undefined)
    return Number(left !== undefined) - Number(right !== undefined) || byCodeUnit(a, b);
  return (
    byEach(left.numbers, right.numbers, (x = '0', y = '0') => byNumber(x, y)) ||
    Number(left.early.length === 0) - Number(right.early.length === 0) ||
    byEach(left.early, right.early, byIdentifier)
  );
}

/** NuGet's, which has no regard to case and takes four numbers. */
export function compareNuget(a: string, b: string): number {
  return compareSemver(a.toLowerCase(), b.toLowerCase());
}

function semanticVersion(text: string): SemanticVersion | undefined {
  const found = /^[\s=]*(?:v|go)?(\d+(?:\.\d+)*)([^\s+]*)/.exec(text);
  const [, numbers = '', rest = ''] = found ?? [];
  if (found === null) return undefined;
  // Go writes rc2 where Semantic Versioning has rc.2.
  const early = rest.replace(/^(alpha|beta|rc)(\d+)$/, '$1.$2').replace(/^[-.]/, '');
  return { numbers: numbers.split('.'), early: early === '' ? [] : early.split('.') };
}

/** Numbers before words, fewer before more. */
function byIdentifier(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  const [isNumber, isOtherNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber && isOtherNumber) return byNumber(a, b);
  return Number(isOtherNumber) - Number(isNumber) || byCodeUnit(a, b);
}
