/** Criteria for which `scoville fix` has a rule; apart from the rules, so that grading need not load them. */
const FIXABLE = new Set([
  'annotations',
  'minimal-base',
  'no-build-tooling',
  'no-elevated-files',
  'no-secrets',
  'no-shell',
  'nonroot-user',
  'pinned-images',
  'pinned-packages',
  'secrets-by-file',
  'verified-downloads',
]);

/** Every criterion with a rule. */
export const FIXABLE_CRITERIA: readonly string[] = [...FIXABLE];

/** The command that edits the Dockerfile for a criterion; undefined where there is no rule for it. */
export function fixCommand(criterion: string): string | undefined {
  return FIXABLE.has(criterion) ? `scoville fix --only ${criterion}` : undefined;
}
