import type { DockerfileModel, Instruction } from '../model/dockerfile.ts';
import type { HistoryEntry, ImageConfig } from '../model/oci.ts';
import { stageChain } from '../model/stage-chain.ts';

const STEP = /^(RUN|COPY|ADD) (.*) # buildkit$/s;
const MAKES_LAYER = new Set(['RUN', 'COPY', 'ADD']);

/**
 * What of an image's history a build of this Dockerfile by BuildKit cannot have left: steps that
 * the history does not end with, other commands, more or fewer layers. Undefined where the two fit.
 * The history is part of the image's bytes; a Dockerfile beside it that nobody signed has to fit
 * it. Where the number of the base's layers is known, all steps above them have to be the
 * Dockerfile's.
 */
export function historyMisfit(
  dockerfile: DockerfileModel,
  { history = [], rootfs }: Pick<ImageConfig, 'history' | 'rootfs'>,
  baseLayers?: number,
): string | undefined {
  const layers = history.filter(({ empty_layer: empty }) => empty !== true).length;
  if (history.length > 0 && layers !== rootfs.diff_ids.length)
    return `its history lists ${layers} layers, the image has ${rootfs.diff_ids.length}`;
  const chain = stageChain(dockerfile);
  const wanted = chain.flatMap(({ instructions }) =>
    instructions.filter(({ keyword }) => MAKES_LAYER.has(keyword)),
  );
  const own = chain[0]?.base.kind === 'scratch' ? 0 : baseLayers;
  const steps = aboveLayers(history, own ?? 0).flatMap(stepOf);
  const isWhole = own !== undefined;
  if (steps.length < wanted.length || (isWhole && steps.length > wanted.length))
    return `the Dockerfile has ${wanted.length} steps that add a layer, the image’s history ${steps.length}`;
  const last = steps.slice(steps.length - wanted.length);
  const at = wanted.findIndex((instruction, i) => !isStepOf(instruction, last[i]));
  if (at < 0) return undefined;
  const line = wanted[at]?.range.startLine ?? 0;
  return `line ${line} of the Dockerfile is not in the image’s history`;
}

/** The history without what is about the lowest layers. */
function aboveLayers(history: readonly HistoryEntry[], count: number): readonly HistoryEntry[] {
  let [at, layers] = [0, 0];
  for (; layers < count && at < history.length; at += 1)
    if (history[at]?.empty_layer !== true) layers += 1;
  return history.slice(at);
}

interface Step {
  readonly keyword: string;
  readonly text: string;
}

function stepOf({ created_by: by = '' }: HistoryEntry): readonly Step[] {
  const [, keyword, text] = STEP.exec(by) ?? [];
  return keyword === undefined || text === undefined ? [] : [{ keyword, text }];
}

/** True for the same keyword; a RUN in shell form needs the same command but for white space. */
function isStepOf(instruction: Instruction, step: Step | undefined): boolean {
  if (step?.keyword !== instruction.keyword) return false;
  const command = instruction.rawArguments.replaceAll(/\s+/g, '');
  const isPlain =
    instruction.keyword === 'RUN' && instruction.heredocs.length === 0 && !command.startsWith('[');
  return !isPlain || step.text.replaceAll(/\s+/g, '').endsWith(command);
}
