/** How a file of tests ended. */
export interface FileResult {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly isBroken: boolean;
  readonly skipped: number;
  readonly seconds: number;
}

export interface Lane {
  readonly name: string;
  readonly versions: string;
  readonly results: readonly FileResult[];
}

export function resultsOf(report: unknown): readonly FileResult[];
export function matrixOf(
  lanes: readonly Lane[],
  short: (name: string) => string,
): { readonly text: string; readonly failed: boolean };
