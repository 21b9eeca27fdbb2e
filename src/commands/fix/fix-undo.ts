import { resolve } from 'node:path';
import { EXIT } from '../../model/errors.ts';
import { shellWord } from '../../model/shell-word.ts';
import { chosenDockerfile, type OpenedFiles } from '../../pipeline/fix/fix-files.ts';
import { type FixedFile, undoFix } from '../../pipeline/fix/undo-fix.ts';
import { cleanForTerminal } from '../../ui/clean.ts';
import { pipelineContext } from '../context.ts';
import type { CommandIo } from '../io.ts';

/** `scoville fix --undo`. Throws UserError where nothing can be undone. */
export async function undo(
  { path, force }: { readonly path: string; readonly force: boolean },
  io: CommandIo,
): Promise<number> {
  const context = pipelineContext(io, () => undefined);
  const dockerfile = resolve(io.cwd, await chosenDockerfile(io.cwd, path));
  for (const { name, before } of await undoFix(context, dockerfile, force))
    io.writeErr(`${before === null ? 'removed' : 'as before'}: ${cleanForTerminal(name)}\n`);
  return EXIT.met;
}

/** A line for each file that was written, and how to go back. */
export function writtenLines(
  { names }: OpenedFiles,
  written: readonly FixedFile[],
): readonly string[] {
  if (written.length === 0) return [];
  const of = names.Dockerfile === 'Dockerfile' ? '' : ` ${shellWord(names.Dockerfile)}`;
  return [...written.map(({ name }) => `written: ${name}`), `undo: scoville fix --undo${of}`];
}
