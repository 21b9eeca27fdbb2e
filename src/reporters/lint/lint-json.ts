import type { LintedFile } from '../../model/lint.ts';
import { jsonText } from '../json-text.ts';

/** Findings by file as JSON, with ignored ones and the comment's reason (schema/lint-1.json). */
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
  return jsonText(report);
}
