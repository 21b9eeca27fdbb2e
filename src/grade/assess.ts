import { judgeImage, judgeUnclaimed } from '../criteria/catalogue.ts';
import { assembleScorecard, type JudgedPlatform } from '../criteria/score.ts';
import { layerLines } from '../dockerfile/layer-lines.ts';
import { knownPackages } from '../facts/build-facts.ts';
import type { ImageContent } from '../facts/layer-files.ts';
import { manifestSecrets, statementSecrets } from '../facts/secrets/document-secrets.ts';
import { maskDockerfile } from '../fix/mask-dockerfile.ts';
import { isForeign, MissingLayerError } from '../image/attachments.ts';
import { given } from '../lib/json.ts';
import { quantity } from '../lib/text.ts';
import { phase, type PipelineContext } from '../model/context.ts';
import { type CriterionResult, type Evidence, isMet, type Verdict } from '../model/criterion.ts';
import { type DockerfileModel, stageChain } from '../model/dockerfile.ts';
import {
  type AttestationsFact,
  type BuildFact,
  type Fact,
  type Facts,
  known,
  type ReproductionFact,
  type SecretFinding,
  type SecretsFact,
  unknownFact,
  type VulnerabilitiesFact,
} from '../model/facts.ts';
import {
  type OpenedImage,
  type OpenedPlatform,
  platformNameOf,
  platformOf,
} from '../model/image.ts';
import type { ImageContents } from '../model/report.ts';
import type { NotGraded, Scorecard } from '../model/scorecard.ts';
import type { Settings } from '../model/settings.ts';
import { tracedLayers } from '../reproduce/compare-entries.ts';
import type { VexDocument } from '../scan/vex-documents.ts';
import { inspectPlatform } from './inspect-layers.ts';

/** What is known of a platform before reading its layers: from its build or its attestations. */
export interface PlatformEvidence {
  readonly platform: OpenedPlatform;
  readonly build: Fact<BuildFact>;
  /** Build arguments in a provenance that everybody can read: searched for secrets. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Predicates that are attached to the image: searched for secrets. */
  readonly predicates: readonly unknown[];
  readonly vex: readonly VexDocument[];
  /** How many of the lowest layers the base image brought, where that is known. */
  readonly baseLayers?: number;
  readonly notices?: readonly string[];
}

export interface Inspected {
  /** Unknown if a layer may not be distributed. */
  readonly content: Fact<ImageContent>;
  /** Layers that were read in this run; the facts of the others were in the cache. */
  readonly read: number;
}

export type InspectedPlatform = PlatformEvidence & Inspected;

export interface Scanned {
  readonly vulnerabilities: Fact<VulnerabilitiesFact>;
}

export interface AssessedPlatform extends PlatformEvidence, Inspected, Scanned {
  readonly attestations: Fact<AttestationsFact>;
  readonly reproduction: Fact<ReproductionFact>;
}

/**
 * Reads the layers of every platform, each layer once, and searches them and the documents around
 * them for secrets. `secrets: false` skips that search in the layers. Throws UserError if a layer
 * is missing or damaged. A layer that may not be distributed makes the content unknown.
 */
export function inspect<E extends PlatformEvidence>(
  context: PipelineContext,
  image: OpenedImage,
  evidence: readonly E[],
  { secrets }: { readonly secrets: boolean },
): Promise<readonly (E & Inspected)[]> {
  return phase(
    context,
    'inspect',
    async () => {
      const inspected: (E & Inspected)[] = [];
      for (const one of evidence) {
        const { platform, buildArgs, predicates } = one;
        const elsewhere = [
          ...[image.index, platform.manifest].map(manifestSecrets),
          ...[buildArgs, ...predicates].map(statementSecrets),
        ];
        try {
          const found = await inspectPlatform(context, image, platform, { secrets, elsewhere });
          if (found.read < platform.layers.length) await requireLayers(image, platform);
          inspected.push({ ...one, content: known(found.content, 'image'), read: found.read });
        } catch (error) {
          if (!(error instanceof MissingLayerError && error.foreign)) throw error;
          inspected.push({ ...one, content: unknownFact(error.message, error.nextStep), read: 0 });
        }
      }
      return inspected;
    },
    (all) => ({
      detail: all.map((one) => found(one, all.length > 1)).join('; '),
      cached: all.every(({ content, read }) => content.known && read === 0),
    }),
    toRead(evidence),
  );
}

/** Reading fewer bytes needs no progress text. */
const MUCH_BYTES = 32e6;

function toRead(evidence: readonly PlatformEvidence[]): { detail?: string; bytes?: number } {
  const layers = evidence.flatMap(({ platform }) => platform.layers);
  const bytes = layers.reduce((sum, { blob }) => sum + blob.size, 0);
  return bytes < MUCH_BYTES ? {} : { detail: quantity(layers.length, 'layer'), bytes };
}

/** Facts that were kept do not make an image whole. Throws MissingLayerError. */
async function requireLayers(image: OpenedImage, { layers }: OpenedPlatform): Promise<void> {
  const held = await Promise.all(
    layers.map(async ({ blob }) => isForeign(blob) || (await image.hasLayer(blob))),
  );
  const missing = layers[held.indexOf(false)];
  if (missing !== undefined) throw new MissingLayerError(missing.blob, image.name);
}

function found({ platform, content, read }: InspectedPlatform, isNamed: boolean): string {
  const name = isNamed ? `${platformNameOf(platform)}: ` : '';
  if (!content.known) return `${name}${content.reason}`;
  const { packages, filesystem } = content.value;
  const counts = [quantity(packages.length, 'package'), quantity(filesystem.fileCount, 'file')];
  const layers = `${read} of ${quantity(platform.layers.length, 'layer')} read`;
  return `${name}${[...counts, layers].join(', ')}`;
}

/** Secrets with the Dockerfile line that brought each: of its layer, or of its ENV or LABEL. */
export function withLines(
  secrets: SecretsFact,
  { layers, config }: Pick<OpenedPlatform, 'layers' | 'config'>,
  build: Fact<BuildFact>,
): SecretsFact {
  if (!build.known || !build.value.dockerfile.known) return secrets;
  const { value: model, source } = build.value.dockerfile;
  // What the history shows is on the lines of no file.
  if (source === 'image') return secrets;
  const lines = layerLines(
    model,
    tracedLayers(layers, config).map(({ createdBy }) => createdBy),
  );
  const ofLayer = new Map(layers.map(({ blob: { digest } }, i) => [digest as string, lines[i]]));
  const findings = secrets.findings.map((one): SecretFinding => {
    const line = one.layer === undefined ? lineOfField(one, model) : ofLayer.get(one.layer);
    return line === undefined ? one : { ...one, dockerfileLine: line };
  });
  return { ...secrets, findings };
}

/** The last instruction of the image that sets a variable or a label of this name. */
function lineOfField({ where, path }: SecretFinding, model: DockerfileModel): number | undefined {
  const keyword = where === 'env' ? 'ENV' : where === 'label' ? 'LABEL' : undefined;
  if (keyword === undefined || path === undefined) return undefined;
  return stageChain(model)
    .flatMap(({ instructions }) => instructions)
    .findLast(
      (one) =>
        one.keyword === keyword &&
        one.arguments.some(
          (word, i, all) =>
            word.startsWith(`${path}=`) || (word === path && i === 0 && all.length > 1),
        ),
    )?.range.startLine;
}

/** What reports show of a text at most; a hostile one is not gone through to its end. */
const LONGEST = 4096;

function shownText(text: string): string {
  return maskDockerfile(text.slice(0, LONGEST));
}

/** A verdict as reports may show it: a secret in a line of the Dockerfile is masked. */
export function shownVerdict<V extends Pick<Verdict, 'evidence'>>(verdict: V): V {
  return { ...verdict, evidence: verdict.evidence.map(shownEvidence) };
}

function shownEvidence(evidence: Evidence): Evidence {
  if (evidence.kind === 'dockerfile') return { ...evidence, text: shownText(evidence.text) };
  if (evidence.kind === 'config') return { ...evidence, value: shownText(evidence.value) };
  return evidence;
}

/**
 * Facts as reports may show them, with secrets in the history masked. Only those who have the image
 * can read them there.
 */
export function shownFacts(facts: Facts): Facts {
  if (!facts.image.known) return facts;
  const { source, value } = facts.image;
  const { config } = value;
  if (config.history === undefined) return facts;
  const history = config.history.map((entry) => ({
    ...entry,
    ...given({
      created_by: entry.created_by && shownText(entry.created_by),
      comment: entry.comment && shownText(entry.comment),
    }),
  }));
  return { ...facts, image: known({ ...value, config: { ...config, history } }, source) };
}

/** Criteria that a signed verdict met, about what does not change for a digest. */
export interface CarriedVerdict {
  readonly criteria: ReadonlySet<string>;
  /** RFC 3339. */
  readonly statedAt: string;
}

function withCarried(now: CriterionResult, carried: CarriedVerdict | undefined): CriterionResult {
  if (isMet(now.outcome) || carried?.criteria.has(now.id) !== true) return now;
  const text = `met by the signed verdict of ${carried.statedAt}; without what that build knew: ${now.summary}`;
  const note = { kind: 'note', text } as const;
  const summary = 'met when it was built, by its signed verdict';
  const verdict = { outcome: 'pass', summary, source: 'verified-attestation' } as const;
  return { ...now, ...verdict, evidence: [note, ...now.evidence] };
}

const NO_CONFIG = unknownFact('a root file system has no configuration', 'scoville grade NAME');

/**
 * A root file system shows no environment and no labels, and may have lost modes and capabilities
 * on its way. So what is found counts, and finding nothing is not a pass.
 */
function withoutConfig(result: CriterionResult): CriterionResult {
  if (result.vector !== 'configuration' || !isMet(result.outcome)) return result;
  const { reason, settle = '' } = NO_CONFIG;
  return { ...result, outcome: 'unknown', summary: `${reason}: ${result.summary}`, settle };
}

function trustOf({ origins }: Pick<Settings, 'origins'>): NonNullable<Scorecard['trust']> {
  return origins
    .filter(({ isTrust }) => isTrust)
    .map(({ setting, source, file }) => ({ setting, source, file }));
}

export interface Graded {
  readonly scorecard: Scorecard;
  readonly contents: readonly ImageContents[];
}

interface AssessOptions {
  readonly settings: Settings;
  /** False where the layers were not searched for secrets. */
  readonly secrets: boolean;
  /** Platforms that were asked for, or are listed, and cannot be judged. */
  readonly notGraded?: readonly NotGraded[];
  readonly carried?: CarriedVerdict | undefined;
}

/**
 * Judges the 23 criteria for an image that was just built or opened. Content, documents,
 * attestations and a scanner's findings become the facts of each platform. Nothing is read here.
 */
export function assess(
  context: PipelineContext,
  image: Pick<OpenedImage, 'name' | 'place' | 'root' | 'index'>,
  platforms: readonly AssessedPlatform[],
  options: AssessOptions,
): Promise<Graded> {
  const { settings, notGraded } = options;
  return phase(
    context,
    'grade',
    () => {
      const contents: ImageContents[] = [];
      const isRootfs = image.place === 'rootfs';
      const judged = platforms.map((one): JudgedPlatform => {
        const whole = factsOf(context, image, one, options);
        const facts = isRootfs ? { ...whole, image: NO_CONFIG } : whole;
        const platform = platformNameOf(one.platform);
        const { baseLayers } = one;
        contents.push({ platform, facts: shownFacts(facts), ...given({ baseLayers }) });
        const seen = (now: CriterionResult) => (isRootfs ? withoutConfig(now) : now);
        const criteria = judgeImage(facts).map((now) => seen(withCarried(now, options.carried)));
        const unclaimed = judgeUnclaimed(facts, criteria).map(seen).map(shownVerdict);
        const { digest } = one.platform.descriptor;
        return { platform, digest, criteria: criteria.map(shownVerdict), unclaimed };
      });
      const [first, ...rest] = judged;
      if (first === undefined) throw new Error('an image without a platform was graded');
      const notices = platforms.flatMap((one) => [...(one.notices ?? []), ...vexNotices(one)]);
      const scorecard = assembleScorecard({
        toolVersion: context.version,
        image: image.name,
        digest: image.root.digest,
        gradedAt: new Date(context.now()).toISOString(),
        platforms: [first, ...rest],
        waivers: settings.gate.waivers,
        trust: trustOf(settings),
        notices: [...new Set(notices)],
        ...given({ notGraded }),
      });
      return Promise.resolve({ scorecard, contents });
    },
    ({ scorecard: { level, levelName, overall } }) => ({
      detail: `level ${level} (${levelName}), ${overall.grade}`,
    }),
  );
}

/** A promise that had no effect is said where the verdicts are. */
function vexNotices({ vulnerabilities: found }: AssessedPlatform): readonly string[] {
  return found.known ? (found.value.notices ?? []).filter((line) => line.startsWith('VEX ')) : [];
}

function factsOf(
  context: PipelineContext,
  image: Pick<OpenedImage, 'root' | 'index'>,
  assessed: AssessedPlatform,
  { settings, secrets }: AssessOptions,
): Facts {
  const { platform, content, build, attestations, reproduction, vulnerabilities } = assessed;
  const { descriptor, manifest, config } = platform;
  return {
    image: known(
      {
        platform: platformOf(platform),
        manifestDigest: descriptor.digest,
        ...given({ indexDigest: image.index && image.root.digest }),
        config,
        manifest,
        annotations: {
          index: image.index?.annotations ?? {},
          manifest: manifest.annotations ?? {},
          labels: config.config?.Labels ?? {},
        },
      },
      'image',
    ),
    ...(content.known
      ? {
          filesystem: known(content.value.filesystem, 'image'),
          packages: knownPackages(content.value),
          secrets: secrets
            ? known(withLines(content.value.secrets, platform, build), 'image')
            : unknownFact(
                'the layers were not searched for secrets',
                'grade without --secrets=false',
              ),
        }
      : { filesystem: content, packages: content, secrets: content }),
    build,
    attestations,
    reproduction,
    vulnerabilities,
    declarations: known(
      {
        secrets: settings.secrets.use,
        secretFiles: settings.secrets.files,
        ...given({ contradicted: settings.secrets.contradicted }),
        trustedImages: settings.trust.images,
        maxAgeDays: settings.recentDays,
        now: context.now(),
      },
      'build',
    ),
  };
}
