import type { FixFiles } from '../../pipeline/fix/compose-fixes.ts';
import type { OpenedFiles } from '../../pipeline/fix/fix-files.ts';
import { maskDockerfile } from '../../pipeline/mask-dockerfile.ts';
import { unifiedDiff } from '../../reporters/fix/unified-diff.ts';

/** All that changes as one patch, with the secrets that stand in the Dockerfile. */
export function patchOf(opened: OpenedFiles, before: FixFiles, after: FixFiles): string {
  return diffOf(opened, before, after, false);
}

/** All changes as people read them; secrets are masked, so with any it is not a patch. */
export function shownDiff(
  opened: OpenedFiles,
  before: FixFiles,
  after: FixFiles,
  color = false,
): string {
  const masked = (files: FixFiles): FixFiles => ({
    ...files,
    dockerfile: maskDockerfile(files.dockerfile),
  });
  return diffOf(opened, masked(before), masked(after), color);
}

function diffOf({ names }: OpenedFiles, before: FixFiles, after: FixFiles, color: boolean): string {
  const files = [
    { path: names.Dockerfile, before: before.dockerfile, after: after.dockerfile },
    { path: names['.dockerignore'], before: before.ignoreFile, after: after.ignoreFile ?? '' },
  ];
  return files.map((file) => unifiedDiff(file, { color })).join('');
}
