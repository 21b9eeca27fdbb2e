import type { LinkedTarget } from '../model/bake.ts';
import type { BuildAnalysis } from '../model/build-analysis.ts';
import type { DockerfileModel, Stage } from '../model/dockerfile.ts';
import { stageChain } from '../model/stage-chain.ts';
import type { AnalysedDockerfile } from './analyse-dockerfile.ts';

type ReadTarget = Pick<AnalysedDockerfile, 'model' | 'analysis'>;

/**
 * A Dockerfile together with those of the targets that it takes as named contexts: a stage on such
 * a target stands on what that one stands on, and what that one takes from outside, installs and
 * downloads is part of this image too. A target whose Dockerfile is not at hand leaves its stages'
 * base unknown.
 */
export function withLinkedTargets(
  { model, analysis }: ReadTarget,
  links: readonly LinkedTarget[],
): ReadTarget {
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

/** Their lines are of another file, so that the command says whose it is. */
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

/** What the built stage stands on outside its Dockerfile. */
function foundation(model: DockerfileModel): Stage['base'] {
  return stageChain(model)[0]?.base ?? { kind: 'unknown', text: '' };
}

function spelled(name: string): string {
  return name.toLowerCase().replace(/:latest$/, '');
}
