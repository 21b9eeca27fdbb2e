import type { DockerfileModel } from '../model/dockerfile.ts';
import { stageChain } from '../model/stage-chain.ts';

/** Instructions that write a layer. */
const WRITES = new Set(['RUN', 'COPY', 'ADD', 'WORKDIR']);

/** What wrote each layer by the image's history, base first; undefined where it does not say. */
type LayerInstructions = readonly (string | undefined)[];

/**
 * The line of the Dockerfile of each layer, found from the last one back: the target stage's
 * instructions, then those of the stage it is built on. Layers that no instruction accounts for,
 * the base image's, have none.
 */
export function layerLines(
  model: DockerfileModel,
  layers: LayerInstructions,
): readonly (number | undefined)[] {
  const writing = stageChain(model)
    .flatMap(({ instructions }) => instructions)
    .filter(({ keyword }) => WRITES.has(keyword));
  const lines: (number | undefined)[] = layers.map(() => undefined);
  let at = writing.length - 1;
  for (let i = layers.length - 1; i >= 0 && at >= 0; i -= 1) {
    const keyword = keywordOf(layers[i]);
    if (keyword === undefined) return lines;
    // A WORKDIR that names a folder which is there writes none.
    while (at >= 0 && writing[at]?.keyword !== keyword && writing[at]?.keyword === 'WORKDIR')
      at -= 1;
    const instruction = writing[at];
    if (instruction?.keyword !== keyword) return lines;
    lines[i] = instruction.range.startLine;
    at -= 1;
  }
  return lines;
}

/** BuildKit writes `RUN |1 A=b /bin/sh -c … # buildkit`, `COPY a b # buildkit`, `WORKDIR /app`. */
function keywordOf(createdBy: string | undefined): string | undefined {
  const word = /^([A-Z]+)\s/.exec(createdBy ?? '')?.[1];
  return word !== undefined && WRITES.has(word) ? word : undefined;
}
