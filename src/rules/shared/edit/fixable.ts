/** Criteria for which `scoville fix` has a rule; apart from the rules, so that grading need not load them. */
export const FIXABLE_CRITERIA: ReadonlySet<string> = new Set([
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

/** The command that edits the Dockerfile for a criterion; undefined where there is no rule for it. */
export function fixCommand(criterion: string): string | undefined {
  return FIXABLE_CRITERIA.has(criterion) ? `scoville fix --only ${criterion}` : undefined;
}
