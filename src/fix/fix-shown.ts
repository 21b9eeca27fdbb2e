import type { CommandIo } from '../cli/io.ts';
import type { PlannedEdit } from '../model/fix.ts';
import { printedCommand, withSecrets } from '../model/printed-command.ts';
import { unifiedDiff } from '../report/fix.ts';
import { cleanForTerminal } from '../ui/text.ts';
import type { AppliedFixes, FixFiles } from './compose.ts';
import type { FixedFile, OpenedFiles } from './files.ts';
import { pathWords } from './fix-command.ts';
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

/** Refusals, the commands that decide them with the flags that were given. */
export function wholeRefusals(
  { command }: FixTask,
  refusals: AppliedFixes['refusals'],
): AppliedFixes['refusals'] {
  return refusals.map((one) => {
    const flags = /^scoville fix (.+)$/.exec(one.settle ?? '')?.[1];
    return flags === undefined ? one : { ...one, settle: command(flags.split(' ')) };
  });
}

/** Ids of the secrets that the RUNs of a Dockerfile mount. */
function secretIds(dockerfile: string): readonly string[] {
  const mounts = [...dockerfile.matchAll(/--mount=(\S+)/g)].map(([, mount = '']) => mount);
  return mounts
    .filter((mount) => /\btype=secret\b/.test(mount))
    .flatMap((mount) => /\bid=([\w.-]+)/.exec(mount)?.[1] ?? []);
}

/** A line for each file that was written, how to go back, and the build to do next. */
export function tellWritten(
  { opened, again }: FixTask,
  { files }: Pick<AppliedFixes, 'files'>,
  written: readonly FixedFile[],
  io: CommandIo,
): void {
  if (written.length === 0) return;
  const { Dockerfile } = opened.named;
  const before = secretIds(opened.files.dockerfile);
  const added = secretIds(files.dockerfile).filter((id) => !before.includes(id));
  const lines = [
    ...written.map(({ name }) => `written: ${name}`),
    `undo: ${printedCommand('fix', ['--undo', ...pathWords(Dockerfile, io.cwd, 'Dockerfile')])}`,
    ...(again === undefined ? [] : [`next: ${printedCommand('build', withSecrets(again, added))}`]),
  ];
  for (const line of lines) io.writeErr(`${cleanForTerminal(line)}\n`);
}

/** How a fix ends that applies no edit. `left`: edits that it could have applied. */
export function noEditText(
  left: readonly PlannedEdit[],
  refusals: AppliedFixes['refusals'],
): string {
  if (left.length > 0) return 'nothing was applied\n';
  return refusals.length > 0 ? 'no edit to apply: the reasons are above\n' : 'nothing to fix\n';
}
