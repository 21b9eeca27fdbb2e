/** Compares numbers written in digits, however long: leading zeros do not count. */
export function byNumber(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return left.length - right.length || (left < right ? -1 : Number(left > right));
}

/** The first of the comparisons that is not 0, or 0. */
export function byEach<T>(
  a: readonly T[],
  b: readonly T[],
  compare: (a: T | undefined, b: T | undefined) => number,
): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const order = compare(a[i], b[i]);
    if (order !== 0) return order;
  }
  return 0;
}

/**
 * A version of dpkg or rpm: epoch, version, and what is behind the hyphen, the first or last one.
 */
export function epochParts(text: string, hyphen: 'first' | 'last') {
  const [, epoch = '0'] = /^(\d+):/.exec(text) ?? [];
  const rest = text.replace(/^\d+:/, '');
  const at = hyphen === 'first' ? rest.indexOf('-') : rest.lastIndexOf('-');
  return {
    epoch,
    version: at < 0 ? rest : rest.slice(0, at),
    release: at < 0 ? '' : rest.slice(at + 1),
  };
}
