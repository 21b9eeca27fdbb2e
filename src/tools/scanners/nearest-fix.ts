/**
 * Of versions that carry a fix, the one to go to: the lowest that is not below the installed one. Told by the numbers in them,
 * which is enough to choose among release branches; the first where none is above.
 */
export function nearestFix(installed: string, fixed: readonly string[]): string | undefined {
  if (fixed.length < 2) return fixed[0];
  const above = fixed.filter((version) => compareNumbers(version, installed) > 0);
  return (above.length === 0 ? [...fixed] : above).sort(compareNumbers)[0];
}

function compareNumbers(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const order = (left[i] ?? 0) - (right[i] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

function numbersOf(version: string): readonly number[] {
  return (version.match(/\d{1,15}/g) ?? []).slice(0, 20).map(Number);
}
