import type { BuildAnalysis, RecordedSteps } from '../model/build-analysis.ts';
import type { DockerfileModel } from '../model/dockerfile.ts';
import {
  type BuildFact,
  type EvidenceSource,
  type Fact,
  known,
  NAME_THE_DOCKERFILE,
  unknownFact,
} from '../model/facts.ts';
import { replayedAddresses } from './replayed.ts';
import { showsSteps } from './shown-steps.ts';
import { type EnforcedImage, type Material, usedImages } from './used-images.ts';

/** Provenance of the build, as its reader gives it (SLSA v0.2 and v1 alike). */
interface ProvenanceView {
  readonly materials: readonly Material[];
  /** RFC 3339, as stated. */
  readonly finishedOn: string | undefined;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly steps?: RecordedSteps | undefined;
  /** RUNs were given materials by digest, and nothing else. */
  readonly replayed?: boolean;
}

interface BuildInputs {
  /** The Dockerfile and where it was had from; undefined where there is none. */
  readonly dockerfile:
    | {
        readonly model: DockerfileModel;
        readonly analysis: BuildAnalysis;
        readonly source: EvidenceSource;
      }
    | undefined;
  /** Why there is none. */
  readonly noDockerfile?: string;
  readonly enforced?: readonly EnforcedImage[];
  readonly provenance?: { readonly view: ProvenanceView; readonly source: EvidenceSource };
  /** What this build replayed; absent where it did not. */
  readonly replayed?: readonly Material[];
  /** SOURCE_DATE_EPOCH, seconds, where this build set it. */
  readonly epoch?: number;
  /** RFC 3339, where this build finished just now. */
  readonly finishedAt?: string;
}

function epochOf({ epoch, provenance }: BuildInputs): number | undefined {
  const stated = provenance?.view.buildArgs['SOURCE_DATE_EPOCH'];
  return epoch ?? (stated !== undefined && /^\d{1,11}$/.test(stated) ? Number(stated) : undefined);
}

function finishOf({ finishedAt, provenance }: BuildInputs): string | undefined {
  const stated = finishedAt ?? provenance?.view.finishedOn;
  return stated === undefined || Number.isNaN(Date.parse(stated)) ? undefined : stated;
}

const HIDDEN =
  'the build ran steps that its Dockerfile does not show, such as ONBUILD steps of a base image';

function analysisOf(
  { model, analysis }: NonNullable<BuildInputs['dockerfile']>,
  steps: RecordedSteps | undefined,
): BuildAnalysis {
  return steps === undefined || showsSteps(model, steps)
    ? analysis
    : { partial: HIDDEN, ...analysis };
}

function replayedOf({
  dockerfile,
  provenance,
  replayed,
}: BuildInputs): Pick<BuildFact, 'replayed'> {
  if (dockerfile === undefined) return {};
  const stated = provenance?.view.replayed === true ? provenance.view.materials : undefined;
  const found =
    replayedAddresses(dockerfile.model, 'build', replayed) ??
    // The statement is about the Dockerfile that it has.
    replayedAddresses(dockerfile.model, dockerfile.source, stated);
  return found === undefined ? {} : { replayed: found };
}

/**
 * How the image was built, from the best that is at hand; unknown where there is neither Dockerfile nor provenance, with
 * the command that would decide it.
 */
export function buildFact(inputs: BuildInputs): Fact<BuildFact> {
  const { dockerfile, provenance, enforced = [] } = inputs;
  const reason = inputs.noDockerfile ?? 'no Dockerfile is known for this image';
  if (dockerfile === undefined && provenance === undefined)
    return unknownFact(reason, NAME_THE_DOCKERFILE);
  const materials = provenance?.view.materials ?? [];
  const finishedAt = finishOf(inputs);
  const epoch = epochOf(inputs);
  const value: BuildFact = {
    dockerfile:
      dockerfile === undefined
        ? unknownFact(reason, NAME_THE_DOCKERFILE)
        : known(dockerfile.model, dockerfile.source),
    // Without a Dockerfile the materials do not tell which image was the base.
    images:
      dockerfile === undefined
        ? unknownFact(reason, NAME_THE_DOCKERFILE)
        : known(usedImages(dockerfile.model, enforced, materials), dockerfile.source),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(epoch === undefined ? {} : { epoch }),
    ...replayedOf(inputs),
    ...(dockerfile === undefined
      ? {}
      : { analysis: analysisOf(dockerfile, provenance?.view.steps) }),
  };
  return known(value, provenance?.source ?? dockerfile?.source ?? 'dockerfile');
}
