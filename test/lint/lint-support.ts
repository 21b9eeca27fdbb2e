import { lintDockerfile, type LintRequest } from '../../src/lint/lint.ts';
import type { LintedFile } from '../../src/model/fix.ts';
import { declared } from '../criteria/facts-builder.ts';

/** A Dockerfile as lint sees it. */
export function linted(text: string, more: Partial<LintRequest> = {}): LintedFile {
  return lintDockerfile({ name: 'Dockerfile', text, declarations: declared({ now: 0 }), ...more });
}

/** `RULE LINE:COLUMN` of each finding, those of the rules named. */
export function places(file: LintedFile, ...rules: readonly string[]): readonly string[] {
  return file.findings
    .filter(({ rule }) => rules.length === 0 || rules.includes(rule))
    .map(({ rule, range }) => `${rule} ${range.startLine}:${range.startColumn}`);
}
