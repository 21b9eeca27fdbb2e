import { byCodeUnit } from '../../model/order.ts';
/**
 * Of versions that carry a fix, the one to go to: the lowest above the installed one, by the order
 * of the ecosystem (the type of its package URL: `npm`, `deb`); the lowest of all where none is
 * above. Told by numbers and words, which is enough to choose among release branches.
 */
export function nearestFix(
  installed: string,
  fixed: readonly string[],
  ecosystem = '',
): string | undefined {
  if (fixed.length < 2) return fixed[0];
  const order = (a: string, b: string): number => compareVersions(a, b, ecosystem);
  const above = fixed.filter((version) => order(version, installed) > 0);
  return (above.length === 0 ? [...fixed] : above).sort(order)[0];
}

/** Type of a package URL, as `npm` in `pkg:npm/a@1`. */
export function purlType(purl: string | undefined): string | undefined {
  return /^pkg:([a-z]{1,30})\//.exec(purl ?? '')?.[1];
}

/** Words of a version that comes before the one without them. */
const EARLIER =
  /^(?:a|alpha|b|beta|c|canary|cr|dev|ea|m|milestone|next|nightly|pre|preview|rc|snapshot)$/;
/** Where a hyphen begins a pre-release, whatever its words, and `+` what does not count (semver.org). */
const SEMVER = new Set(['npm', 'cargo', 'golang', 'nuget', 'composer']);
/** Where any letter makes one (Gem::Version). */
const LETTERS = new Set(['gem']);

type Token = number | string;

/** Below zero where `a` comes before `b`, above where after. */
function compareVersions(a: string, b: string, ecosystem = ''): number {
  const [left, right] = [tokensOf(a, ecosystem), tokensOf(b, ecosystem)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const order = compareTokens(left[i], right[i], ecosystem);
    if (order !== 0) return order;
  }
  return 0;
}

/** Epoch, then numbers and words; what is too long is cut. */
function tokensOf(version: string, ecosystem: string): readonly Token[] {
  const [, epoch = '0', rest = ''] =
    /^(?:(\d{1,9})[:!])?v?(.*)$/s.exec(version.slice(0, 300)) ?? [];
  let counted = rest;
  if (SEMVER.has(ecosystem)) {
    const [core = '', ...words] = (rest.split('+', 1)[0] ?? '').split('-');
    counted = words.length === 0 ? core : `${core}~${words.join('-')}`;
  }
  const found = counted.toLowerCase().match(/\d{1,15}|[a-z]+|~/g) ?? [];
  return [Number(epoch), ...found.map((token) => (/^\d/.test(token) ? Number(token) : token))];
}

/** A missing number is 0, as in `1.2` and `1.2.0`. */
function compareTokens(a: Token | undefined, b: Token | undefined, ecosystem: string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const order = rank(a, ecosystem) - rank(b, ecosystem);
  if (order !== 0 || typeof a !== 'string' || typeof b !== 'string') return order;
  return byCodeUnit(a, b);
}

function rank(token: Token | undefined, ecosystem: string): number {
  if (token === '~') return -2;
  if (token === undefined || token === 0) return 0;
  if (typeof token === 'number') return 2;
  return EARLIER.test(token) || LETTERS.has(ecosystem) ? -1 : 1;
}
