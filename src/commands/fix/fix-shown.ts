import { shellWord } from '../../model/shell-word.ts';
import type { FixFiles } from '../../pipeline/fix/compose-fixes.ts';
import type { OpenedFiles } from '../../pipeline/fix/fix-files.ts';
import type { FixTask } from '../../pipeline/fix/plan-fixes.ts';
import type { FixedFile } from '../../pipeline/fix/undo-fix.ts';
import { maskDockerfile } from '../../pipeline/mask-dockerfile.ts';
import { unifiedDiff } from '../../reporters/fix/unified-diff.ts';
import { cleanForTerminal } from '../../ui/clean.ts';
import type { CommandIo } from '../io.ts';

/** All that changes as one patch, with the secrets of the Dockerfile in it. */
export function patchOf(
  { names }: OpenedFiles,
  before: FixFiles,
  after: FixFiles,
  color = false,
): string {
  const files = [
    { path: names.Dockerfile, before: before.dockerfile, after: after.dockerfile },
    { path: names['.dockerignore'], before: before.ignoreFile, after: after.ignoreFile ?? '' },
  ];
  return files.map((file) => unifiedDiff(file, { color })).join('');
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
  return patchOf(opened, masked(before), masked(after), color);
}

/** A line for each file that was written, how to go back, and the build to do next. */
export function tellWritten(
  { opened, again }: FixTask,
  written: readonly FixedFile[],
  io: CommandIo,
): void {
  if (written.length === 0) return;
  const { Dockerfile } = opened.names;
  const of = Dockerfile === 'Dockerfile' ? '' : ` ${shellWord(Dockerfile)}`;
  const lines = [
    ...written.map(({ name }) => `written: ${name}`),
    `undo: scoville fix --undo${of}`,
    ...(again === undefined ? [] : [`next: scoville build ${again.map(shellWord).join(' ')}`]),
  ];
  for (const line of lines) io.writeErr(`${cleanForTerminal(line)}\n`);
}
