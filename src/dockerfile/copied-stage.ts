import type { CopiedStage } from '../model/difference.ts';
import type { DockerfileModel, Instruction, Stage } from '../model/dockerfile.ts';
import { fileName } from '../model/path.ts';
import { folderOfPattern, pathIn } from './paths.ts';

/** A COPY out of another stage. */
interface StageCopy {
  readonly copy: Instruction;
  /** As it names the stage. */
  readonly name: string;
  readonly stage: Stage;
}

/** The COPY of a line and the stage that it takes files from; undefined for none. */
export function stageCopy(model: DockerfileModel, line: number): StageCopy | undefined {
  const copy = model.stages
    .flatMap(({ instructions }) => instructions)
    .find(({ keyword, range }) => keyword === 'COPY' && range.startLine === line);
  const from = copy?.flags.find(({ name }) => name === 'from')?.value;
  if (copy === undefined || from === undefined) return undefined;
  const stage = model.stages.findLast(
    ({ index, name }) => name?.toLowerCase() === from.toLowerCase() || String(index) === from,
  );
  return stage && { copy, name: from, stage };
}

/** The stage that a line's COPY takes files from, and the RUNs that can have written them. */
export function copiedStage(model: DockerfileModel, line: number): CopiedStage | undefined {
  const found = stageCopy(model, line);
  if (found === undefined) return undefined;
  // A stage needs earlier ones alone. What it copies from them, they wrote.
  const reached = new Set([found.stage.index]);
  for (const index of reached)
    for (const other of model.stages[index]?.needs ?? []) reached.add(other);
  const runs = [...reached]
    .flatMap((index) => model.stages[index]?.instructions ?? [])
    .filter(({ keyword }) => keyword === 'RUN');
  const runLines = runs.map(({ range }) => range.startLine).sort((a, b) => a - b);
  return { name: found.name, runLines };
}

/**
 * Whether a file of the stage can be what the COPY put at `path`, as far as its words tell: neither
 * the folder that it copies into is known, nor which source is one. Both are paths of layers.
 */
export function canBecome({ arguments: words }: Instruction, before: string, path: string) {
  return words.slice(0, -1).some((word) => {
    const root = folderOfPattern(pathIn('/', `/${word}`))
      .slice(1)
      .replace(/\/$/, '');
    if (before === root) return words.length === 2 || fileName(before) === fileName(path);
    const below = root === '' ? `/${before}` : before.slice(root.length);
    return (root === '' || before.startsWith(`${root}/`)) && `/${path}`.endsWith(below);
  });
}
