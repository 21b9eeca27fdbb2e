import type { LintedFile } from '../model/lint.ts';

/** Findings as JSON: for each file what was found, and what a comment takes back, with its reason. */
export function lintJson(files: readonly LintedFile[], version: string): string {
  const report = {
    schemaVersion: '1',
    tool: { name: 'scoville', version },
    files: files.map(({ name, parsed, findings, ignored }) => ({
      name,
      parsed,
      findings,
      ignored,
    })),
  };
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
