import { buildFact } from '../../facts/build.ts';
import { historyDockerfile } from '../../facts/history-dockerfile.ts';
import { historyMisfit } from '../../facts/history-fit.ts';
import type { BuildContext } from '../../model/build-context.ts';
import { UserError } from '../../model/errors.ts';
import {
  type AttestationsFact,
  type BuildFact,
  type Fact,
  known,
  NAME_THE_DOCKERFILE,
  unknownFact,
} from '../../model/facts.ts';
import type { ImageConfig } from '../../model/oci.ts';
import type { OpenedImage, OpenedPlatform } from '../../model/opened-image.ts';
import { type ChosenProvenance, chooseProvenance } from './provenance-choice.ts';
import { analyseRecorded } from './recorded-dockerfile.ts';

/** The Dockerfile that the user points at: `--file`, with `--target` and `--build-arg`. */
export interface GivenDockerfile {
  /** As the user typed it, for messages. */
  readonly name: string;
  readonly text: string;
  readonly target?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly context?: BuildContext | undefined;
}

export interface GradedBuild {
  readonly fact: Fact<BuildFact>;
  /** Build arguments that the provenance shows everybody, for the secret scan. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** What a reader should know of where this comes from, one line each. */
  readonly notices: readonly string[];
}

type Dockerfile = NonNullable<Parameters<typeof buildFact>[0]['dockerfile']>;

/**
 * How an image was built that was not built in this run: from a verified provenance, else from the
 * Dockerfile that the user names, else from a provenance that nobody signed, else as far as its
 * history shows. Throws UserError where the user's file is not a Dockerfile.
 */
export async function gradedBuild(
  image: Pick<OpenedImage, 'root'>,
  platform: Pick<OpenedPlatform, 'descriptor' | 'config'>,
  attestations: Fact<AttestationsFact>,
  file: GivenDockerfile | undefined,
): Promise<GradedBuild> {
  const chosen = chooseProvenance(attestations.known ? attestations.value.attestations : [], [
    platform.descriptor.digest,
    image.root.digest,
  ]);
  const given = file === undefined ? undefined : await readFile(file);
  const recorded = chosen === undefined ? undefined : await analyseRecorded(chosen.provenance);
  const notices = [
    ...(chosen?.notices ?? []),
    ...fileNotices(file, chosen, recorded !== undefined),
    ...givenMisfit(file, given, platform.config),
    ...unfitNotices(attestations),
  ];
  const provenance =
    chosen === undefined ? {} : { provenance: { view: chosen.provenance, source: chosen.source } };
  const buildArgs = chosen?.provenance.buildArgs ?? {};
  const isSigned = chosen?.source === 'verified-attestation';
  const stated =
    recorded === undefined || chosen === undefined
      ? undefined
      : { ...recorded, source: chosen.source };
  const dockerfile = isSigned ? (stated ?? given) : (given ?? stated);
  if (dockerfile !== undefined) {
    const fact = buildFact({ dockerfile, ...provenance });
    const why = dockerfile === stated ? chosen?.unchecked : undefined;
    return { fact: why === undefined ? fact : withoutBase(fact, why), buildArgs, notices };
  }
  const fact = buildFact({ dockerfile: undefined, ...provenance });
  return { fact: await withHistory(fact, platform.config), buildArgs, notices };
}

async function readFile(file: GivenDockerfile): Promise<Dockerfile> {
  const { target, buildArgs = {} } = file;
  const options = { ...(target === undefined ? {} : { target }), buildArgs };
  const { analyseDockerfile } = await import('../../dockerfile/analyse-dockerfile.ts');
  const read = analyseDockerfile(file.text, options, file.context);
  if (!read.ok)
    throw new UserError(`${file.name}, line ${read.error.line}: ${read.error.message}`, {
      nextStep: 'name the Dockerfile that the image was built from: --file DOCKERFILE',
    });
  return { ...read.value, source: 'dockerfile' };
}

function fileNotices(
  file: GivenDockerfile | undefined,
  chosen: ChosenProvenance | undefined,
  isRead: boolean,
): readonly string[] {
  const recorded = chosen?.provenance.dockerfile?.text;
  if (recorded === undefined) return [];
  if (!isRead) return ['the Dockerfile in the provenance cannot be read'];
  if (file === undefined) return [];
  if (file.text.trimEnd() === recorded.trimEnd()) return [];
  return [
    chosen?.source === 'verified-attestation'
      ? `${file.name} is not the Dockerfile in the verified provenance, which counts`
      : `${file.name} counts; the provenance, which nobody signed, has another Dockerfile`,
  ];
}

/** The user's file counts whatever history says: builders differ. Reports a difference. */
function givenMisfit(
  file: GivenDockerfile | undefined,
  given: Dockerfile | undefined,
  config: ImageConfig,
): readonly string[] {
  const isOfBuildKit = config.history?.some(({ created_by: by = '' }) => by.endsWith('# buildkit'));
  if (file === undefined || given === undefined || isOfBuildKit !== true) return [];
  const misfit = historyMisfit(given.model, config);
  return misfit === undefined ? [] : [`${file.name} may not be this image’s: ${misfit}`];
}

function unfitNotices(attestations: Fact<AttestationsFact>): readonly string[] {
  if (!attestations.known) return [];
  return attestations.value.attestations.flatMap(({ contradicts }) =>
    contradicts === undefined
      ? []
      : [`a provenance that nobody signed does not fit the image and is not used: ${contradicts}`],
  );
}

/**
 * A Dockerfile that nobody signed, on a base that was not compared with the layers: the image may
 * have another one, and steps that it does not name may lie between the two.
 */
function withoutBase(fact: Fact<BuildFact>, why: string): Fact<BuildFact> {
  if (!fact.known) return fact;
  const reason = `nobody signed the provenance, and its base was not compared with the image: ${why}`;
  const { analysis } = fact.value;
  const value: BuildFact = {
    ...fact.value,
    images: unknownFact(reason, NAME_THE_DOCKERFILE),
    ...(analysis === undefined ? {} : { analysis: { ...analysis, partial: reason } }),
  };
  return { ...fact, value };
}

/** Adds what the history shows. It lacks outside images and some steps; these stay unknown. */
async function withHistory(fact: Fact<BuildFact>, config: ImageConfig): Promise<Fact<BuildFact>> {
  const history = historyDockerfile(config.history);
  if (history === undefined) return fact;
  const { analyseDockerfile } = await import('../../dockerfile/analyse-dockerfile.ts');
  const read = analyseDockerfile(history.text, { built: true });
  if (!read.ok) return fact;
  const { model, analysis } = read.value;
  const reason = 'only the image’s history describes the build, and it does not name images';
  const value: BuildFact = {
    ...(fact.known ? fact.value : {}),
    dockerfile: known(model, 'image'),
    images: unknownFact(reason, NAME_THE_DOCKERFILE),
    analysis: {
      ...analysis,
      partial: 'only the image’s history describes the build, and it does not show every step',
      unread: [
        ...analysis.unread,
        ...history.unread.map((line) => ({
          range: { startLine: line, startColumn: 1, endLine: line, endColumn: 1 },
          reason: 'the history does not keep this step in one line',
        })),
      ],
    },
  };
  return known(value, fact.known ? fact.source : 'image');
}
