import type { CopiedStage } from '../model/difference.ts';
import type { DockerfileModel } from '../model/dockerfile.ts';
import { stageChain } from '../model/stage-chain.ts';

/** The stage that a line's COPY takes files from, and the lines of its RUNs; undefined for none. */
export function copiedStage(model: DockerfileModel, line: number): CopiedStage | undefined {
  const copy = model.stages
    .flatMap(({ instructions }) => instructions)
    .find(({ keyword, range }) => keyword === 'COPY' && range.startLine === line);
  const from = copy?.flags.find(({ name }) => name === 'from')?.value;
  if (from === undefined) return undefined;
  const stage = model.stages.findLast(
    ({ index, name }) => name?.toLowerCase() === from.toLowerCase() || String(index) === from,
  );
  if (stage === undefined) return undefined;
  const runs = stageChain(model, stage.index)
    .flatMap(({ instructions }) => instructions)
    .filter(({ keyword }) => keyword === 'RUN');
  return { name: from, runLines: runs.map(({ range }) => range.startLine) };
}
