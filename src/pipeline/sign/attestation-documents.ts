import { builderId, runAddress } from '../../attestations/identity.ts';
import { slsaProvenance } from '../../attestations/provenance.ts';
import { cyclonedxDocument } from '../../attestations/sbom-cyclonedx.ts';
import { spdxDocument } from '../../attestations/sbom-spdx.ts';
import { tooLarge, unreadable } from '../../attestations/statement-size.ts';
import { UserError } from '../../model/errors.ts';
import type { FileFact } from '../../model/facts.ts';
import type { Incomplete, Recording } from '../../model/fetches.ts';
import { type Descriptor, platformOf } from '../../model/oci.ts';
import type {
  DownloadedFile,
  OsRelease,
  Package,
  UnreadablePackages,
} from '../../model/packages.ts';
import { PREDICATE_TYPE } from '../../model/statement.ts';
import type { Material } from '../../model/statement.ts';
import { ruleSet } from '../../normalise/rule-set.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import { fetchedMaterials } from '../../plans/hermetic/recorded-fetches.ts';
import type { PipelineContext } from '../context.ts';
import type { FinalImage, FinalPlatform } from '../image-under-build.ts';

export interface StatementToSign {
  readonly predicateType: string;
  readonly predicate: unknown;
  readonly subject: Descriptor;
  /** Other subjects: tags point to the index, engines run a manifest, verifiers ask for either. */
  readonly also?: readonly Descriptor[];
  /** To be kept as an artifact, whose manifest is signed. */
  readonly artifact?: ArtifactToSign;
}

/** A document attached to an image (image-spec, manifest.md, "Guidelines for Artifact Usage"). */
interface ArtifactToSign {
  readonly artifactType: string;
  readonly mediaType: string;
  readonly title: string;
  readonly bytes: Uint8Array;
  /** Why it is not a statement, for people; nothing where it never is one. */
  readonly reason?: string;
}

interface PlatformContent {
  readonly packages: readonly Package[];
  readonly osRelease: OsRelease | undefined;
  readonly programs: readonly FileFact[];
  readonly unreadable: readonly UnreadablePackages[];
  readonly downloads: readonly DownloadedFile[];
}

export interface DocumentInputs {
  readonly image: FinalImage;
  /** Undefined unless all layers were read: a partial SBOM would say that the rest is missing. */
  readonly content: (platform: FinalPlatform) => PlatformContent | undefined;
  readonly plan: BuildPlan;
  /** What RUNs fetched or were given; undefined where nobody looked. */
  readonly recording: Recording | undefined;
  readonly toolVersion: string;
  readonly env: PipelineContext['env'];
  /** Versions of what took part: `docker`, `buildx`. */
  readonly versions: Readonly<Record<string, string>>;
  /** Who signed an image that was used, by its digest. */
  readonly bases?: ReadonlyMap<string, string>;
  /** The artifact that has what the build fetched. */
  readonly inputs?: Descriptor | undefined;
  readonly normaliser: { readonly version: string; readonly rules: readonly string[] };
  readonly startedOn: string;
  readonly finishedOn: string;
}

/**
 * The statements about what was built: SBOMs, provenance, signatures. All of them are about the
 * index, since that is what a tag leads to, and about the platforms' manifests, which engines pull:
 * what is said of one platform names that one. These are the signature and provenance, which need
 * nothing that the layers hold.
 */
export function earlyStatements(
  inputs: Omit<DocumentInputs, 'content'>,
): readonly StatementToSign[] {
  const { image } = inputs;
  return [
    // What `cosign sign` 3 makes: the subjects, and nothing said of them.
    { predicateType: PREDICATE_TYPE.cosignSign, predicate: {}, ...wholeImage(image) },
    ...image.platforms.flatMap((platform) => provenance(inputs, platform)),
  ];
}

/** The SBOMs, of the same subjects. One that is too large for a statement is an artifact. */
export function sbomStatements(
  inputs: DocumentInputs,
  signedBy: 'key' | 'keyless',
): readonly StatementToSign[] {
  return inputs.image.platforms.flatMap((platform) =>
    sboms(inputs, platform).map((statement) => withinSize(statement, signedBy)),
  );
}

/** The media types that registries and scanners know SBOMs by. */
const SBOM_TYPES: Readonly<Record<string, string>> = {
  [PREDICATE_TYPE.cyclonedx]: 'application/vnd.cyclonedx+json',
  [PREDICATE_TYPE.spdx]: 'application/spdx+json',
};

function withinSize(statement: StatementToSign, signedBy: 'key' | 'keyless'): StatementToSign {
  const bytes = Buffer.from(JSON.stringify(statement.predicate));
  const reason = tooLarge(bytes.length, signedBy);
  const mediaType = SBOM_TYPES[statement.predicateType];
  if (reason === undefined || mediaType === undefined) return statement;
  const artifact = { artifactType: mediaType, mediaType, title: 'sbom.json', bytes, reason };
  return { ...statement, artifact };
}

type Subjects = Pick<StatementToSign, 'subject'> & { readonly also: readonly Descriptor[] };

/** The index with all its platforms. */
export function wholeImage({ index, platforms }: FinalImage): Subjects {
  return { subject: index, also: platforms.map(({ descriptor }) => descriptor) };
}

/** One platform and its index. With several platforms, the manifest comes first and names it. */
function onePlatform(image: FinalImage, { descriptor }: FinalPlatform): Subjects {
  return image.platforms.length === 1
    ? { subject: image.index, also: [descriptor] }
    : { subject: descriptor, also: [image.index] };
}

function sboms(
  { image, plan, content, toolVersion }: DocumentInputs,
  platform: FinalPlatform,
): readonly StatementToSign[] {
  const found = plan.attest.sbom.on ? content(platform) : undefined;
  if (found === undefined) return [];
  const subjects = onePlatform(image, platform);
  const { digest } = subjects.subject;
  const vendor = plan.annotations.manifest['org.opencontainers.image.vendor'];
  const input = {
    ...found,
    image: {
      name: plan.names[0] ?? digest,
      digest,
      platform: platformOf({ ...platform, descriptor: platform.built.descriptor }),
      ...(vendor === undefined ? {} : { vendor }),
    },
    created: plan.created,
    toolVersion,
  };
  return plan.attest.sbomFormats.map((format) =>
    format === 'cyclonedx'
      ? {
          predicateType: PREDICATE_TYPE.cyclonedx,
          predicate: cyclonedxDocument(input),
          ...subjects,
        }
      : { predicateType: PREDICATE_TYPE.spdx, predicate: spdxDocument(input), ...subjects },
  );
}

function provenance(
  inputs: Omit<DocumentInputs, 'content'>,
  platform: FinalPlatform,
): readonly StatementToSign[] {
  const { plan, image } = inputs;
  if (!plan.attest.provenance.on || platform.built.provenance === undefined) return [];
  const { mode } = plan.settings.reproducible;
  const predicate = slsaProvenance({
    buildkit: platform.built.provenance.predicate,
    buildkitDigest: platform.built.descriptor.digest,
    toolVersion: inputs.toolVersion,
    versions: inputs.versions,
    startedOn: inputs.startedOn,
    finishedOn: inputs.finishedOn,
    builderId: builderId(inputs.env),
    invocationId: runAddress(inputs.env),
    ...(plan.vcs === undefined ? {} : { vcs: plan.vcs }),
    materials: [
      ...(plan.vcs === undefined ? [] : sourceOf(plan.vcs)),
      ...fetchedMaterials(inputs.recording?.fetches ?? new Map()),
    ],
    ...(inputs.bases === undefined ? {} : { signers: inputs.bases }),
    parameters: {
      ...(plan.epoch === undefined
        ? {}
        : { sourceDateEpoch: plan.epoch.seconds, sourceDateEpochFrom: plan.epoch.reason }),
      // BuildKit's own `vcs` does not say: buildx looks for changes only where it is asked to.
      ...(plan.vcs === undefined
        ? {}
        : { workingTree: plan.vcs.revision.endsWith('-dirty') ? 'dirty' : 'clean' }),
      normaliser: mode,
      ...(plan.hermetic === undefined
        ? {}
        : fetchParameters(plan.hermetic, inputs.recording?.incomplete)),
      pins: (plan.sourcePolicy?.pins ?? []).map((pin) => `${pin.from} -> ${pin.to}`),
    },
    normaliser:
      mode === 'off'
        ? undefined
        : {
            version: inputs.normaliser.version,
            mode,
            rules: inputs.normaliser.rules,
            touched: platform.touched,
          },
    runs: plan.steady,
    inputs: inputs.inputs,
  });
  if (!predicate.ok)
    throw new UserError(`BuildKit's provenance could not be read: ${predicate.error}`, {
      nextStep: 'Build with --provenance=false to go without, and report this.',
    });
  const size = unreadable(Buffer.byteLength(JSON.stringify(predicate.value)));
  const nextStep = 'build with --provenance=mode=min, or record less';
  if (size !== undefined) throw new UserError(`the provenance has ${size}`, { nextStep });
  const predicateType = PREDICATE_TYPE.slsaProvenanceV1;
  return [{ predicateType, predicate: predicate.value, ...onePlatform(image, platform) }];
}

/** Whether what RUNs fetched was recorded or replayed, and why it is not known to be all. */
function fetchParameters(
  mode: 'record' | 'replay',
  incomplete: Incomplete = new Map(),
): Readonly<Record<string, string | readonly string[]>> {
  const fetches = mode === 'record' ? 'recorded' : 'replayed';
  if (incomplete.size === 0) return { fetches };
  return {
    fetches: `${fetches}-incomplete`,
    fetchesIncomplete: [...new Set([...incomplete.values()].flat())],
  };
}

/** The normalizer's rules that the image was made with. */
export function rulesOf(plan: BuildPlan): {
  readonly version: string;
  readonly rules: readonly string[];
} {
  const { reproducible } = plan.settings;
  const set = ruleSet(reproducible.mode, reproducible);
  return { version: set.id, rules: set.rules.map((rule) => rule.id) };
}

/** The repository and the commit that were built, where the working tree is that commit. */
function sourceOf({ source, revision }: NonNullable<BuildPlan['vcs']>): readonly Material[] {
  return source === undefined || !/^[0-9a-f]{40,64}$/.test(revision)
    ? []
    : [{ uri: `git+${source}@${revision}`, digest: { gitCommit: revision } }];
}
