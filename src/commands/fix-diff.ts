import type { FixFiles } from '../pipeline/compose-fixes.ts';
import type { OpenedFiles } from '../pipeline/fix-files.ts';
import { unifiedDiff } from '../reporters/unified-diff.ts';

/** All that changes as one patch. */
export function diffOf(
  { names }: OpenedFiles,
  before: FixFiles,
  after: FixFiles,
  color: boolean,
): string {
  const files = [
    { path: names.Dockerfile, before: before.dockerfile, after: after.dockerfile },
    { path: names['.dockerignore'], before: before.ignoreFile, after: after.ignoreFile ?? '' },
  ];
  return files.map((file) => unifiedDiff(file, { color })).join('');
}
