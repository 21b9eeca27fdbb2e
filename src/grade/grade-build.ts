import { dirname, resolve } from 'node:path';
import { buildContext } from '../build/context-source.ts';
import { inspectLocalImages } from '../build/docker.ts';
import { imageOfRegistry, type Registries } from '../build/registries.ts';
import { readText } from '../config/read-files.ts';
import { vouchedBy } from '../criteria/trusted-source.ts';
import type { AnalysedDockerfile, analyseDockerfile } from '../dockerfile/analyse-dockerfile.ts';
import { buildFact, historyDockerfile, historyMisfit, usedImages } from '../facts/build-facts.ts';
import { err, messageOf, ok, type Result, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { DAY_MS } from '../lib/time.ts';
import type { BuildAnalysis } from '../model/build-analysis.ts';
import type { PipelineContext } from '../model/context.ts';
import {
  assignment,
  type BuildContext,
  type DockerfileModel,
  stageChain,
} from '../model/dockerfile.ts';
import {
  type AttestationsFact,
  type BuildFact,
  type EvidenceSource,
  type Fact,
  known,
  NAME_THE_DOCKERFILE,
  unknownFact,
} from '../model/facts.ts';
import type { ImageConfig, OpenedImage, OpenedPlatform, Platform } from '../model/image.ts';
import {
  type Digest,
  familiarReference,
  formatReference,
  type ImageReference,
  isDigest,
  parseReference,
} from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import type { FoundAttestation } from '../model/statement.ts';
import {
  isProvenanceType,
  parseProvenance,
  type ReadProvenance,
} from '../trust/provenance-read.ts';

/** Loaded where a Dockerfile is read. */
async function analyse(
  ...read: Parameters<typeof analyseDockerfile>
): Promise<ReturnType<typeof analyseDockerfile>> {
  const dockerfile = await import('../dockerfile/analyse-dockerfile.ts');
  return dockerfile.analyseDockerfile(...read);
}

/** The Dockerfile that a provenance recorded, as built; undefined where none can be read. */
async function analyseRecorded(
  provenance: ReadProvenance | undefined,
): Promise<AnalysedDockerfile | undefined> {
  if (provenance?.dockerfile === undefined) return undefined;
  const { dockerfile, buildArgs, buildContexts, target, frontend } = provenance;
  const options = { built: true, buildArgs, buildContexts };
  const more = given({ target, frontend: frontend.source });
  const read = await analyse(dockerfile.text, { ...options, ...more });
  return read.ok ? read.value : undefined;
}

/** The provenance that a verdict rests on, and what the others say otherwise. */
interface ChosenProvenance {
  readonly provenance: ReadProvenance;
  /** As stated, not read. */
  readonly predicate: unknown;
  readonly source: EvidenceSource;
  /** Key or identity that it was verified with. */
  readonly verifiedBy: string | undefined;
  /** Why its Dockerfile earns nothing, where nobody signed it and its base was not compared. */
  readonly unchecked: string | undefined;
  readonly notices: readonly string[];
}

/**
 * The best provenance of an image: its subject is one of `digests`, and no check of its signature
 * failed. In order of preference: verified, with a compared base, signed rather than BuildKit's
 * own, with a Dockerfile. If another one that counts contradicts it, a notice says so.
 */
export function chooseProvenance(
  attestations: readonly FoundAttestation[],
  digests: readonly Digest[],
): ChosenProvenance | undefined {
  const candidates = attestations
    .filter(
      ({ predicateType, verification, contradicts, subjects }) =>
        isProvenanceType(predicateType) &&
        verification !== 'failed' &&
        contradicts === undefined &&
        subjects.some((subject) => digests.includes(subject)),
    )
    .flatMap((found) => {
      const read = parseProvenance(found.predicate);
      return read.ok ? [{ found, provenance: read.value }] : [];
    })
    .sort((a, b) => rank(a.found, a.provenance) - rank(b.found, b.provenance));
  const best = candidates[0];
  if (best === undefined) return undefined;
  const others = candidates.slice(1).flatMap(({ found, provenance }) => {
    const what = contradiction(best.provenance, provenance);
    return what === undefined ? [] : [{ what, isEqual: found.unchecked === best.found.unchecked }];
  });
  const differing = others[0]?.what;
  const verified = best.found.verification === 'verified';
  // Of two that fit the image and that nobody signed, the better one proves nothing.
  const tie = others.find(({ isEqual }) => isEqual)?.what;
  const tied = tie === undefined ? undefined : `the statements disagree on ${tie}`;
  return {
    provenance: best.provenance,
    predicate: best.found.predicate,
    verifiedBy: verified ? best.found.verifiedBy : undefined,
    unchecked: verified ? undefined : (best.found.unchecked ?? tied),
    source: verified ? 'verified-attestation' : 'unverified-attestation',
    notices:
      differing === undefined
        ? []
        : [
            `the provenance statements disagree on ${differing}; ` +
              (verified
                ? 'the verified one counts'
                : 'none is verified, and the one that fits the image best counts'),
          ],
  };
}

function rank(
  { verification, source, unchecked }: FoundAttestation,
  { dockerfile }: ReadProvenance,
): number {
  return (
    (verification === 'verified' ? 0 : 8) +
    (unchecked === undefined ? 0 : 4) +
    (source === 'buildkit-manifest' ? 2 : 0) +
    (dockerfile === undefined ? 1 : 0)
  );
}

/** What two statements about one image cannot both be right on. */
function contradiction(a: ReadProvenance, b: ReadProvenance): string | undefined {
  if (a.dockerfile !== undefined && b.dockerfile !== undefined)
    if (a.dockerfile.text !== b.dockerfile.text) return 'the Dockerfile';
  const digests = new Map(a.materials.map(({ uri, digest }) => [uri, digest['sha256']]));
  const other = b.materials.find(({ uri, digest }) => {
    const stated = digests.get(uri);
    return stated !== undefined && digest['sha256'] !== undefined && stated !== digest['sha256'];
  });
  return other === undefined ? undefined : `the digest of ${other.uri}`;
}

/** The diffIDs of the base that a statement names, lowest first, or why they could not be had. */
export type BaseLayers = (
  base: ImageReference & { readonly digest: Digest },
  image: { readonly platform: Platform; readonly layers: readonly Digest[] },
) => Promise<Result<readonly Digest[]>>;

/** Different bases that are asked for in one run on behalf of statements that nobody signed. */
const MAX_BASES = 8;

/**
 * Looks up bases by digest for statements that nobody signed. Such a statement must not choose whom
 * we ask. The Docker engine of this machine is asked. A registry is asked only if a publisher of
 * the table or the user's `trust.images` vouches for the image, or the graded image comes from
 * there.
 */
export function baseLayers(
  context: PipelineContext,
  registries: Registries,
  settings: Pick<Settings, 'trust' | 'offline'>,
  home: string | undefined,
): BaseLayers {
  const asked = new Map<string, ReturnType<typeof imageOfRegistry>>();
  const fromRegistry = async (
    base: ImageReference,
    platform: Platform,
  ): Promise<Result<readonly Digest[]>> => {
    const name = formatReference(base);
    const shown = familiarReference(base);
    if (settings.offline) return err(`${shown} was not fetched (offline)`);
    if (base.registry !== home && vouchedBy(base, settings.trust.images) === undefined)
      return err(`${base.registry} is not asked for ${shown}, which only the statement names`);
    const key = `${name} ${platform.os}/${platform.architecture}/${platform.variant ?? ''}`;
    if (!asked.has(key) && asked.size >= MAX_BASES)
      return err(`unsigned statements name more than ${MAX_BASES} bases`);
    const found = asked.get(key) ?? imageOfRegistry(registries, base, name, platform);
    asked.set(key, found);
    try {
      const layers = (await found)?.layers;
      return layers === undefined ? err(`${shown} was not found`) : ok(layers);
    } catch (error) {
      context.signal.throwIfAborted();
      return err(`${shown} was not fetched: ${messageOf(error)}`);
    }
  };
  return async ({ registry, repository, digest }, { platform, layers }) => {
    const base = { registry, repository, digest };
    const here = await layersHere(context, base);
    return beginsWith(layers, here) ? ok(here) : fromRegistry(base, platform);
  };
}

/**
 * The engine's own copy, none where it has none. Its id has to be the digest, for an archive that
 * was loaded can give any image a name with the digest of another. Of several platforms it shows
 * one.
 */
async function layersHere(
  context: PipelineContext,
  base: ImageReference & { readonly digest: Digest },
): Promise<readonly Digest[]> {
  const name = formatReference(base);
  const [found] = await inspectLocalImages(context.run, [name], context.signal).catch(() => []);
  context.signal.throwIfAborted();
  return found?.id === base.digest ? found.layers : [];
}

/** True where `layers` begin with those of `base`, of which there is at least one. */
function beginsWith(layers: readonly Digest[], base: readonly Digest[]): boolean {
  return base.length > 0 && base.every((layer, i) => isDigest(layer) && layer === layers[i]);
}

type Mark = Pick<FoundAttestation, 'contradicts' | 'unchecked'>;

/**
 * Marks unsigned statements that do not fit the image. Those are provenance whose Dockerfile does
 * not fit the history, whose base differs from the lowest layers, or whose build ended on another
 * day than the image was created. Anyone may attach such a statement, so the image's bytes decide.
 * A base that could not be compared is marked as well.
 */
export async function withContradictions(
  fact: Fact<AttestationsFact>,
  config: ImageConfig,
  baseLayers: BaseLayers,
): Promise<Fact<AttestationsFact>> {
  if (!fact.known) return fact;
  const attestations: FoundAttestation[] = [];
  // One after the other: a statement that is the same as the one before asks nobody twice.
  for (const found of fact.value.attestations)
    attestations.push({ ...found, ...(await markOf(found, config, baseLayers)) });
  return { ...fact, value: { ...fact.value, attestations } };
}

async function markOf(
  { predicateType, predicate, verification }: FoundAttestation,
  config: ImageConfig,
  baseLayers: BaseLayers,
): Promise<Mark> {
  if (verification !== 'unverified' || !isProvenanceType(predicateType)) return {};
  const read = parseProvenance(predicate);
  if (!read.ok) return {};
  const { buildArgs, finishedOn } = read.value;
  const model = (await analyseRecorded(read.value))?.model;
  const misfit =
    (model === undefined ? undefined : historyMisfit(model, config)) ??
    timeMisfit(finishedOn, config.created, buildArgs['SOURCE_DATE_EPOCH']);
  if (misfit !== undefined) return { contradicts: misfit };
  return model === undefined ? {} : baseMark(model, read.value, config, baseLayers);
}

/** Checks that the image begins with the named base's layers and the Dockerfile made the rest. */
async function baseMark(
  model: DockerfileModel,
  { materials }: ReadProvenance,
  config: ImageConfig,
  baseLayers: BaseLayers,
): Promise<Mark> {
  if (stageChain(model)[0]?.base.kind === 'scratch') return {};
  const base = usedImages(model, [], materials).find(({ role }) => role === 'base');
  const reference = base === undefined ? undefined : parseReference(base.text);
  if (base === undefined || reference?.ok !== true)
    return { unchecked: 'it does not name an image as the base' };
  const { digest } = base;
  if (digest === undefined) return { unchecked: `it does not give a digest of ${base.text}` };
  const layers = config.rootfs.diff_ids;
  const found = await baseLayers({ ...reference.value, digest }, { platform: config, layers });
  if (!found.ok) return { unchecked: found.error };
  if (!beginsWith(layers, found.value))
    return { contradicts: `it names ${base.text} as the base, and the image has other layers` };
  const misfit = historyMisfit(model, config, found.value.length);
  return misfit === undefined ? {} : { contradicts: misfit };
}

/** The end of a build is when its image was created, unless that was set by SOURCE_DATE_EPOCH. */
function timeMisfit(
  finishedOn: string | undefined,
  created: string | undefined,
  epoch: string | undefined,
): string | undefined {
  const [end, time] = [Date.parse(finishedOn ?? ''), Date.parse(created ?? '')];
  if (Number.isNaN(end) || Number.isNaN(time)) return undefined;
  const isEpoch =
    epoch !== undefined && Math.abs(time - Number(epoch) * 1000) < 1000 && time <= end;
  if (isEpoch || Math.abs(end - time) <= DAY_MS) return undefined;
  return `its build ended on ${finishedOn ?? ''}, the image was created on ${created ?? ''}`;
}

/** The Dockerfile that the user points at: `--file`, with `--target` and `--build-arg`. */
export interface GivenDockerfile {
  readonly name: string;
  readonly text: string;
  readonly target?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly buildContexts?: Readonly<Record<string, string>>;
  readonly context?: BuildContext | undefined;
}

export interface GradedBuild {
  readonly fact: Fact<BuildFact>;
  /** Build arguments that the provenance shows everybody, for the secret scan. */
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly notices: readonly string[];
}

type Dockerfile = NonNullable<Parameters<typeof buildFact>[0]['dockerfile']>;

/**
 * How an image was built, if not in this run. The source is a verified provenance, else the
 * Dockerfile that the user names, else an unsigned provenance, else the history. Throws UserError
 * if the user's file is not a Dockerfile.
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
  const named = file === undefined ? undefined : await readFile(file);
  const recorded = await analyseRecorded(chosen?.provenance);
  const notices = [
    ...(chosen?.notices ?? []),
    ...fileNotices(file, chosen, recorded !== undefined),
    ...givenMisfit(file, named, platform.config),
    ...unfitNotices(attestations),
  ];
  const buildArgs = chosen?.provenance.buildArgs ?? {};
  const isSigned = chosen?.source === 'verified-attestation';
  const stated = recorded && chosen && { ...recorded, source: chosen.source };
  const dockerfile = isSigned ? (stated ?? named) : (named ?? stated);
  const provenance = chosen && { view: chosen.provenance, source: chosen.source };
  const fact = buildFact({ dockerfile, ...given({ provenance }) });
  if (dockerfile === undefined)
    return { fact: await withHistory(fact, platform.config), buildArgs, notices };
  const why = dockerfile === stated ? chosen?.unchecked : undefined;
  return { fact: why === undefined ? fact : withoutBase(fact, why), buildArgs, notices };
}

async function readFile(file: GivenDockerfile): Promise<Dockerfile> {
  const { target, buildArgs = {} } = file;
  const read = await analyse(file.text, { buildArgs, ...given({ target }) }, file.context);
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
  named: Dockerfile | undefined,
  config: ImageConfig,
): readonly string[] {
  // A base is of a builder of its own.
  const own = config.history?.findLast(({ empty_layer: isEmpty }) => isEmpty !== true);
  const isOfBuildKit = own?.created_by?.endsWith('# buildkit') === true;
  if (file === undefined || named === undefined || !isOfBuildKit) return [];
  const misfit = historyMisfit(named.model, config);
  return misfit === undefined ? [] : [`${file.name} may not be this image’s: ${misfit}`];
}

function unfitNotices(attestations: Fact<AttestationsFact>): readonly string[] {
  const found = attestations.known ? attestations.value.attestations : [];
  return found.flatMap(({ contradicts: why }) =>
    why === undefined
      ? []
      : [`a provenance that nobody signed does not fit the image and is not used: ${why}`],
  );
}

/**
 * For an unsigned Dockerfile whose base was not compared with the layers. The image may have
 * another base, with steps between the two that the Dockerfile does not name.
 */
function withoutBase(fact: Fact<BuildFact>, why: string): Fact<BuildFact> {
  if (!fact.known) return fact;
  const reason = `nobody signed the provenance, and its base was not compared with the image: ${why}`;
  const { analysis } = fact.value;
  const value: BuildFact = {
    ...fact.value,
    images: unknownFact(reason, NAME_THE_DOCKERFILE),
    ...given({ analysis: analysis && { ...analysis, partial: reason } }),
  };
  return { ...fact, value };
}

/** Adds what the history shows. It lacks outside images and some steps; these stay unknown. */
async function withHistory(fact: Fact<BuildFact>, config: ImageConfig): Promise<Fact<BuildFact>> {
  const history = historyDockerfile(config.history);
  if (history === undefined) return fact;
  const read = await analyse(history.text, { built: true });
  if (!read.ok) return fact;
  const { model } = read.value;
  const analysis = asEntries(read.value.analysis);
  const reason = 'only the image’s history describes the build, and it does not name images';
  const value: BuildFact = {
    ...(fact.known && fact.value),
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

/** With numbers of entries, from 1, as lines: the text has a FROM before the first. */
function asEntries(analysis: BuildAnalysis): BuildAnalysis {
  const text = JSON.stringify(analysis, (key, value: unknown) =>
    key === 'startLine' || key === 'endLine' ? Number(value) - 1 : value,
  );
  // eslint-disable-next-line no-restricted-syntax -- written just above, by us
  return JSON.parse(text) as BuildAnalysis;
}

const LARGEST = 4 * 2 ** 20;

/**
 * Reads a Dockerfile of at most 4 MiB, by default with its folder as the build context. Throws
 * UserError where it cannot be read.
 */
export async function readGivenDockerfile(
  cwd: string,
  path: string,
  built: {
    readonly buildArgs: readonly string[];
    readonly target: string | undefined;
    readonly contextFolder?: string;
    readonly buildContexts?: GivenDockerfile['buildContexts'];
  },
): Promise<GivenDockerfile> {
  const text = await readText(resolve(cwd, path), { largest: LARGEST });
  if (text === undefined) throw new UserError(`${path}: no such file`);
  const file = resolve(cwd, path);
  return {
    ...givenDockerfile(path, text, built),
    context: buildContext(built.contextFolder ?? dirname(file), file),
  };
}

/** The text of a Dockerfile with `NAME=VALUE` arguments and the target of its build. */
export function givenDockerfile(
  name: string,
  text: string,
  built: {
    readonly buildArgs: readonly string[];
    readonly target: string | undefined;
    readonly buildContexts?: GivenDockerfile['buildContexts'];
  },
): GivenDockerfile {
  const buildArgs = Object.fromEntries(
    built.buildArgs.map(assignment).map(([argument, value = '']) => [argument, value]),
  );
  const { target, buildContexts } = built;
  return { name, text, buildArgs, ...given({ target, buildContexts }) };
}
