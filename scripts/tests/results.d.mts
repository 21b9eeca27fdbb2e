export interface Failure {
  readonly file: string;
  /** Empty: the file could not be set up. */
  readonly test: string;
}

export function failuresOf(report: unknown, root: string): readonly Failure[];
export function sortedFailures(
  first: readonly Failure[],
  again: unknown,
  root: string,
): { readonly failed: readonly Failure[]; readonly flaky: readonly Failure[] };
export function nameOf(failure: Failure): string;
export function slowestOf(
  report: unknown,
  root: string,
  count: number,
): readonly { readonly file: string; readonly seconds: number }[];
