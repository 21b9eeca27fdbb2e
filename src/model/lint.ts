import type { SourceRange } from './dockerfile.ts';

/** Worst first. */
export const LINT_LEVELS = ['error', 'warning', 'info'] as const;
export type LintLevel = (typeof LINT_LEVELS)[number];

/** A rule of `scoville lint`, as its documentation shows it. */
export interface LintRule {
  readonly id: string;
  readonly title: string;
  /** What a finding weighs, where the finding itself does not say otherwise. */
  readonly level: LintLevel;
  /** What is checked, and why it matters. */
  readonly help: string;
  /** Imperative, one line. */
  readonly remedy: string;
  /** A Dockerfile in which the rule finds something. */
  readonly bad: string;
  /** A Dockerfile that does the same and in which it finds nothing. */
  readonly good: string;
  /** Address of the criterion in the specification, where one decides. */
  readonly specification?: string;
}

export interface LintFinding {
  /** Id of the rule. */
  readonly rule: string;
  readonly severity: LintLevel;
  readonly range: SourceRange;
  readonly message: string;
  readonly remedy?: string;
  /** Name or number of the stage it is in. */
  readonly stage?: string;
}

/** A finding that a comment in the file takes back, with the reason that stands there. */
export interface IgnoredFinding extends LintFinding {
  readonly reason: string;
}

/** What was found in one Dockerfile. */
export interface LintedFile {
  /** As the user named it, or as it was found in a folder; `-` for stdin. */
  readonly name: string;
  readonly lines: readonly string[];
  /** False where it is no Dockerfile that BuildKit would build: the one finding says why. */
  readonly parsed: boolean;
  /** In the order of their places. */
  readonly findings: readonly LintFinding[];
  readonly ignored: readonly IgnoredFinding[];
}

/** True where a finding weighs as much as `level`, or more. */
export function isAtLeast(severity: LintLevel, level: LintLevel): boolean {
  return LINT_LEVELS.indexOf(severity) <= LINT_LEVELS.indexOf(level);
}
