import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tracedLayers } from '../../difference/pair-layers.ts';
import { canBecome, stageCopy } from '../../dockerfile/copied-stage.ts';
import { layerLines } from '../../dockerfile/layer-lines.ts';
import type { ImageComparison, ImageDifference } from '../../model/difference.ts';
import type { Digest } from '../../model/digest.ts';
import type { DockerfileModel, Stage } from '../../model/dockerfile.ts';
import { openLayoutFolder } from '../../oci/layout/open-layout.ts';
import { flag, layoutOutput, NOT_AGAIN } from '../../plans/build-invocation.ts';
import { buildPaths } from '../../plans/build-plan.ts';
import { isRun } from '../../plans/hermetic/attribute-fetches.ts';
import { recordsOf } from '../compare/compare-layers.ts';
import type { PipelineContext } from '../context.ts';
import { runBuildKit } from '../image-build/run-buildkit.ts';
import type { Build } from '../image-build/states.ts';

/** By path, which lines of a stage, or of those below it, wrote the file: the last one first. */
type StageFiles = Map<string, readonly { readonly line: number; readonly content?: Digest }[]>;

/** Those of a stage; none where they cannot be had. */
type FilesOf = (stage: Stage) => Promise<StageFiles>;

/**
 * The comparison of two builds with the line that wrote each file which a COPY took from a stage:
 * several RUNs can have done it, and their layers show which. Those stages are exported from
 * BuildKit's cache into `folder`. Where it does not have them, nothing is run again, and nothing is
 * named.
 */
export async function nameWriters(
  context: PipelineContext,
  prepared: Build,
  comparison: ImageComparison,
  folder: string,
): Promise<ImageComparison> {
  const { dockerfile, plan } = prepared;
  // RUNs of a recorded build have mounts of their own: no cache has them.
  if (dockerfile === undefined || plan.hermetic !== undefined || plan.platforms.length > 1)
    return comparison;
  const known = new Map<Stage, ReturnType<FilesOf>>();
  const filesOf: FilesOf = (stage) => {
    const files = known.get(stage) ?? stageFiles(context, prepared, dockerfile, stage, folder);
    known.set(stage, files);
    return files;
  };
  const differences = [];
  for (const one of comparison.differences) {
    const { copiedFrom } = one;
    const isOpen = copiedFrom !== undefined && copiedFrom.runLines.length > 1;
    const [line, ...others] = isOpen ? await writersOf(dockerfile, one, filesOf) : [];
    const isKnown = line !== undefined && others.length === 0 && copiedFrom !== undefined;
    differences.push(isKnown ? { ...one, copiedFrom: { ...copiedFrom, line } } : one);
  }
  return { ...comparison, differences };
}

/** Lines that may have written what the COPY of a line put at a path, through further stages. */
export async function writersOf(
  model: DockerfileModel,
  { line, path, kind }: Pick<ImageDifference, 'line' | 'path' | 'kind'>,
  filesOf: FilesOf,
): Promise<ReadonlySet<number>> {
  const found = line === undefined ? undefined : stageCopy(model, line);
  if (found === undefined) return new Set(line === undefined ? [] : [line]);
  const lines = new Set<number>();
  for (const [before, written] of await filesOf(found.stage)) {
    if (!canBecome(found.copy, before, path)) continue;
    // A later RUN that changes the mode writes the whole file again, with the same content.
    const other = written.findIndex(({ content }) => content !== written[0]?.content);
    const writer = kind === 'content' ? written.at(other < 0 ? -1 : other - 1) : written[0];
    const at = { line: writer?.line, path: before, kind };
    for (const one of await writersOf(model, at, filesOf)) lines.add(one);
  }
  return lines;
}

async function stageFiles(
  context: PipelineContext,
  prepared: Build,
  model: DockerfileModel,
  { name, index }: Stage,
  folder: string,
): ReturnType<FilesOf> {
  // BuildKit finds a target by its name alone.
  if (name === undefined) return new Map();
  context.emit({ kind: 'notice', text: `looking in stage ${name} for the line that wrote it` });
  const path = join(folder, `stage-${index}`);
  await mkdir(path);
  const failure = await exportStage(context, prepared, name, path);
  if (failure !== undefined) {
    context.emit({ kind: 'notice', text: `stage ${name} does not say: ${failure}` });
    return new Map();
  }
  const image = await openLayoutFolder({ name, path });
  const [{ layers, config }] = image.platforms;
  const traced = tracedLayers(layers, config);
  const by = traced.map(({ createdBy }) => createdBy);
  const lines = layerLines({ ...model, target: index }, by);
  const files: StageFiles = new Map();
  for (const [i, layer] of traced.entries()) {
    const line = lines[i];
    if (line === undefined) continue;
    for (const { type, path: file, content } of await recordsOf({ image, layer }, context.signal))
      if (type === 'file')
        files.set(file, [{ line, ...(content && { content }) }, ...(files.get(file) ?? [])]);
  }
  return files;
}

/** Exports a stage; gives why not, where that fails or a RUN would have to run again. */
async function exportStage(
  context: PipelineContext,
  prepared: Build,
  target: string,
  path: string,
): Promise<string | undefined> {
  const missed = new AbortController();
  const signal = AbortSignal.any([context.signal, missed.signal]);
  const { invocation, ...plan } = prepared.plan;
  const { layout, metadataFile } = buildPaths(path);
  const kept = invocation.flags.filter(({ name = '' }) => !NOT_AGAIN.has(name));
  const flags = [...kept, flag('target', target)];
  const stage = { ...invocation, outputs: [layoutOutput(layout)], metadataFile, flags };
  try {
    const { exitCode, errorText } = await runBuildKit(
      { ...context, signal, emit: () => undefined },
      { ...prepared, plan: { ...plan, invocation: stage, hermetic: undefined } },
      ({ vertexes }) => {
        if (vertexes.some((one) => isRun(one.name) && one.started !== undefined && !one.cached))
          missed.abort();
      },
    );
    return exitCode === 0 ? undefined : (errorText.trim().split('\n').at(-1) ?? '');
  } catch (error) {
    if (missed.signal.aborted && !context.signal.aborted) return 'the build cache does not have it';
    throw error;
  }
}
