import type { Package } from '../../model/packages.ts';
import { VERSION_ORDERS } from '../../versions/order.ts';

/**
 * Of versions that carry a fix, the one to go to: the lowest above the installed one, by the order
 * of the ecosystem (the type of its package URL: `npm`, `deb`); the lowest of all where none is
 * above.
 */
export function nearestFix(
  installed: string,
  fixed: readonly string[],
  ecosystem = '',
): string | undefined {
  if (fixed.length < 2) return fixed[0];
  const order = VERSION_ORDERS[isOrdered(ecosystem) ? ecosystem : 'deb'];
  const above = fixed.filter((version) => order(version, installed) > 0);
  return (above.length === 0 ? [...fixed] : above).sort(order)[0];
}

function isOrdered(type: string): type is Package['type'] {
  return Object.hasOwn(VERSION_ORDERS, type);
}

/** Type of a package URL, as `npm` in `pkg:npm/a@1`. */
export function purlType(purl: string | undefined): string | undefined {
  return /^pkg:([a-z]{1,30})\//.exec(purl ?? '')?.[1];
}
