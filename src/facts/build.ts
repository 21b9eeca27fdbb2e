import { parseStrictJson } from '../formats/strict-json.ts';
import type { BuildAnalysis, RecordedSteps } from '../model/build-analysis.ts';
import type { DockerfileModel, Instruction } from '../model/dockerfile.ts';
import {
  type BuildFact,
  type EvidenceSource,
  type Fact,
  known,
  NAME_THE_DOCKERFILE,
  unknownFact,
} from '../model/facts.ts';
import type { Material } from '../model/statement.ts';
import { type EnforcedImage, usedImages } from './used-images.ts';

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
 * How the image was built, from the best that is at hand; unknown where there is neither Dockerfile
 * nor provenance, with the command that would decide it.
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
    // Without a Dockerfile the materials do not say which image was the base.
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

/** By which a command can get past the proxy of a replay, to a server that it names in numbers. */
const PAST_THE_PROXY =
  /no_?proxy|--resolve|--connect-to|\/etc\/(?:hosts|resolv)|nsswitch|:\/\/(?:[^/@\s]*@)?(?:\d+\.|\d+[:/]|0x|\[)/i;

/**
 * The addresses that a replay answered by digest, with it; undefined where nothing of the kind is
 * known. That it was a replay is this build's own word, or a verified statement's; a lock alone
 * proves nothing. A Dockerfile that goes past the proxy anywhere leaves it undefined.
 */
export function replayedAddresses(
  model: DockerfileModel,
  source: EvidenceSource,
  materials: readonly Material[] | undefined,
): ReadonlyMap<string, string> | undefined {
  if (materials === undefined || (source !== 'build' && source !== 'verified-attestation'))
    return undefined;
  const shown = model.reached.flatMap((index) =>
    (model.stages[index]?.instructions ?? []).flatMap(({ rawArguments, heredocs }) => [
      rawArguments,
      ...heredocs.map(({ content }) => content),
    ]),
  );
  if (shown.some((text) => PAST_THE_PROXY.test(text))) return undefined;
  return new Map(
    materials.flatMap(({ uri, digest }) => {
      const { sha256 } = digest;
      return /^https?:/.test(uri) && sha256 !== undefined ? [[uri, `sha256:${sha256}`]] : [];
    }),
  );
}

/**
 * True where each command that the engine ran is one that the Dockerfile, as it was read, shows. It
 * is not for ONBUILD steps of a base image, under another frontend, and wherever we read a RUN
 * otherwise than the engine did.
 */
export function showsSteps(
  model: DockerfileModel,
  { commands, fetchesInFrom }: RecordedSteps,
): boolean {
  if (fetchesInFrom) return false;
  const read = model.stages.flatMap(({ instructions }) => instructions);
  const shown = new Set(read.filter(({ keyword }) => keyword === 'RUN').flatMap(commandsOf));
  const shells = read
    .filter(({ keyword }) => keyword === 'SHELL')
    .map(({ arguments: words }) => JSON.stringify(words));
  return commands.every((words) => {
    if (shown.has(JSON.stringify(words))) return true;
    const shell = words.slice(0, -1);
    return (
      (isShell(shell) || shells.includes(JSON.stringify(shell))) && shown.has(words.at(-1) ?? '')
    );
  });
}

/** True for the engine's shell or one like it: a base image may set any program as its `Shell`. */
function isShell([program = '', ...options]: readonly string[]): boolean {
  return (
    /^(?:\/(?:usr\/)?bin\/)?(?:sh|bash|ash|dash|zsh|ksh)$|^(?:cmd|powershell)(?:\.exe)?$/i.test(
      program,
    ) && options.every((option) => /^(?:[-/]\w+|pipefail)$/.test(option))
  );
}

/**
 * A RUN as the engine passes it on: text for a shell, as its last word; an exec form in JSON; or
 * a script and its path.
 */
function commandsOf({ rawArguments: raw, heredocs }: Instruction): readonly string[] {
  const [first] = heredocs;
  if (first === undefined) {
    const words = raw.startsWith('[') ? parseStrictJson(raw, 'RUN', raw.length * 4) : undefined;
    return words?.ok === true ? [JSON.stringify(words.value)] : [raw];
  }
  if (/^<<-?\s*(["']?)[^\s"'<>|&;]+\1$/.test(raw))
    return [first.content, `/dev/pipes/${first.delimiter}`];
  return [[raw, ...heredocs.map(({ content, delimiter }) => content + delimiter)].join('\n')];
}
