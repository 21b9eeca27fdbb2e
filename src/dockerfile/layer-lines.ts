import type { BuildAnalysis } from '../model/build-analysis.ts';
import { type DockerfileModel, type Stage, stageChain } from '../model/dockerfile.ts';
import type { LinkedTarget } from '../model/events.ts';
import type { CopiedStage } from '../model/report.ts';
import type { AnalysedDockerfile } from './analyse-dockerfile.ts';

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

/** The stage that a line's COPY takes files from, and the RUNs that can have written them. */
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
  // A stage needs earlier ones alone. What it copies from them, they wrote.
  const reached = new Set([stage.index]);
  for (const index of reached)
    for (const other of model.stages[index]?.needs ?? []) reached.add(other);
  const runs = [...reached]
    .flatMap((index) => model.stages[index]?.instructions ?? [])
    .filter(({ keyword }) => keyword === 'RUN');
  const runLines = runs.map(({ range }) => range.startLine).sort((a, b) => a - b);
  return { name: from, runLines };
}

type ReadTarget = Pick<AnalysedDockerfile, 'model' | 'analysis'>;

/**
 * A Dockerfile together with those of the targets that it takes as named contexts. A stage on such
 * a target has that target's base. Outside images, installs and downloads of the target belong to
 * this image too. A target without a known Dockerfile leaves its stages' base unknown.
 */
export function withLinkedTargets(read: ReadTarget, links: readonly LinkedTarget[]): ReadTarget {
  if (links.length === 0) return read;
  const { model, analysis } = read;
  const known = links.flatMap((link) => (link.dockerfile === undefined ? [] : [link]));
  const bases = new Map(
    known.flatMap(({ context, dockerfile }) =>
      dockerfile === undefined ? [] : [[spelled(context), foundation(dockerfile)] as const],
    ),
  );
  const of = (pick: (one: BuildAnalysis) => BuildAnalysis['unread']): BuildAnalysis['unread'] => [
    ...pick(analysis),
    ...known.flatMap(({ target, analysis: theirs }) =>
      (theirs === undefined ? [] : pick(theirs)).map((line) => ({
        ...line,
        reason: `target ${target}: ${line.reason}`,
      })),
    ),
  ];
  return {
    model: {
      ...model,
      stages: model.stages.map((stage) => ({ ...stage, base: standsOn(stage, bases) })),
      externalImages: [
        ...model.externalImages,
        ...known.flatMap(({ dockerfile }) => dockerfile?.externalImages ?? []),
      ],
    },
    analysis: {
      installs: [...analysis.installs, ...known.flatMap((link) => named(link, 'installs'))],
      downloads: [...analysis.downloads, ...known.flatMap((link) => named(link, 'downloads'))],
      unread: of((one) => one.unread),
    },
  };
}

/** Their lines are of another file, so the command names it. */
function named<K extends 'installs' | 'downloads'>(
  { target, analysis }: LinkedTarget,
  what: K,
): BuildAnalysis[K] {
  return (analysis?.[what] ?? []).map((one) => ({
    ...one,
    command: `target ${target}: ${one.command}`,
  })) as unknown as BuildAnalysis[K];
}

function standsOn(stage: Stage, bases: ReadonlyMap<string, Stage['base']>): Stage['base'] {
  return stage.base.kind === 'unknown'
    ? (bases.get(spelled(stage.base.text)) ?? stage.base)
    : stage.base;
}

/** The image from outside that the built stage begins from. */
function foundation(model: DockerfileModel): Stage['base'] {
  return stageChain(model)[0]?.base ?? { kind: 'unknown', text: '' };
}

function spelled(name: string): string {
  return name.toLowerCase().replace(/:latest$/, '');
}
