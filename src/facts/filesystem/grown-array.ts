/** How long the smallest array is that grows. */
export const SMALLEST = 1024;

/** How long an array gets that `length` has become too short for. */
export function grownLength(length: number): number {
  return Math.max(SMALLEST, Math.ceil(length * 1.5));
}

/** `longer` with the numbers of `array` at its beginning. */
export function grown<T extends { set(array: T): void }>(array: T, longer: T): T {
  longer.set(array);
  return longer;
}
