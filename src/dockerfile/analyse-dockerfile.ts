import type { BuildAnalysis } from '../model/build-analysis.ts';
import type { BuildContext } from '../model/build-context.ts';
import type { DockerfileModel, ExternalImage, Stage } from '../model/dockerfile.ts';
import { readByAnother } from '../model/dockerfile.ts';
import type { LeftBehind } from '../model/left-behind.ts';
import { err, ok, type Result } from '../model/result.ts';
import { analyseStages } from './analysis/analyse-stages.ts';
import { externalImage } from './external-image.ts';
import type { LineError } from './logical-lines.ts';
import { type DockerfileOptions, type ReadDockerfile, readDockerfile } from './read-dockerfile.ts';
import { reachedRefusal } from './refusals/reached-refusal.ts';
import type { ReadStage } from './stage-reader.ts';

/** Indexes of the stages that `target` needs, itself included, ascending. */
function reachedFrom(target: number, stages: readonly ReadStage[]): readonly number[] {
  const reached = new Set<number>();
  const open = [target];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (reached.has(index)) continue;
    reached.add(index);
    open.push(...(stages[index]?.needs ?? []));
  }
  return [...reached].sort((a, b) => a - b);
}

function targetOf(target: string | undefined, stages: readonly ReadStage[]): number | undefined {
  if (target === undefined || target === '') return stages.length - 1;
  const named = stages.findLast((stage) => stage.name === target.toLowerCase());
  if (named !== undefined) return named.index;
  return /^\d{1,4}$/.test(target) && Number(target) < stages.length ? Number(target) : undefined;
}

function plainStage(stage: ReadStage): Stage {
  return {
    index: stage.index,
    ...(stage.name === undefined ? {} : { name: stage.name }),
    base: stage.base,
    ...(stage.platform === undefined ? {} : { platform: stage.platform }),
    range: stage.range,
    instructions: stage.instructions.map((placed) => placed.instruction),
    needs: stage.needs,
  };
}

function modelOf(read: ReadDockerfile, target: number): DockerfileModel {
  const { directives, globals, stages } = read;
  const reached = reachedFrom(target, stages);
  const syntax: ExternalImage | undefined =
    directives.syntax &&
    externalImage('syntax', directives.syntax.text, true, directives.syntax.range);
  const images = reached.flatMap((index) => stages[index]?.images ?? []);
  return {
    ...(syntax === undefined ? {} : { syntax }),
    ...(read.foreignFrontend === undefined ? {} : { foreignFrontend: read.foreignFrontend }),
    escape: directives.escape,
    globalArgs: Object.fromEntries(globals),
    stages: stages.map(plainStage),
    target,
    reached,
    externalImages: syntax === undefined ? images : [syntax, ...images],
  };
}

export interface AnalysedDockerfile {
  readonly model: DockerfileModel;
  readonly analysis: BuildAnalysis;
  readonly left: () => LeftBehind;
}

/**
 * A Dockerfile as plain data: stages, instructions with ARG and ENV put in, the commands of each
 * RUN, the images from outside that the target reaches, and what the reached stages install and
 * download. `text` is at most 1 MiB. `context` gives the files of the build context (scripts, a
 * requirements file) where the caller has it; nothing is read here. The error names the line.
 */
export function analyseDockerfile(
  text: string,
  options: DockerfileOptions = {},
  context?: BuildContext,
): Result<AnalysedDockerfile, LineError> {
  const read = readDockerfile(text, options);
  return read.ok ? analyseRead(read.value, options, context) : read;
}

/** The same of a Dockerfile that was read: its instructions are those of the model. */
export function analyseRead(
  read: ReadDockerfile,
  options: DockerfileOptions,
  context: BuildContext | undefined,
): Result<AnalysedDockerfile, LineError> {
  const target = targetOf(options.target, read.stages);
  if (target === undefined)
    return err({ message: `target stage "${options.target ?? ''}" could not be found`, line: 1 });
  const model = modelOf(read, target);
  const stages = model.reached.flatMap((index) => read.stages[index] ?? []);
  for (const { instruction } of read.strict ? stages.flatMap((s) => s.instructions) : []) {
    const message = reachedRefusal(instruction);
    if (message !== undefined) return err({ message, line: instruction.range.startLine });
  }
  const { analysis, left } = analyseStages(stages, options.buildArgs ?? {}, context);
  const { foreignFrontend } = read;
  if (foreignFrontend === undefined) return ok({ model, analysis, left });
  const partial = readByAnother(foreignFrontend);
  return ok({ model, analysis: { ...analysis, partial }, left });
}
