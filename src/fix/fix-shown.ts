import type { CommandIo } from '../cli/io.ts';
import { shellWord } from '../model/dockerfile.ts';
import { unifiedDiff } from '../report/fix.ts';
import { cleanForTerminal } from '../ui/text.ts';
import type { FixFiles } from './compose.ts';
import type { FixedFile, OpenedFiles } from './files.ts';
import { maskDockerfile } from './mask-dockerfile.ts';
import type { FixTask } from './plan.ts';

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
