import { builderId, runAddress } from '../../attestations/identity.ts';
import type { ProvenanceMaterial } from '../../attestations/provenance-read.ts';
import { slsaProvenance } from '../../attestations/provenance.ts';
import { cyclonedxDocument } from '../../attestations/sbom-cyclonedx.ts';
import { spdxDocument } from '../../attestations/sbom-spdx.ts';
import { UserError } from '../../model/errors.ts';
import type { FileFact } from '../../model/facts.ts';
import { type Descriptor, platformOf } from '../../model/oci.ts';
import type { OsRelease, Package, UnreadablePackages } from '../../model/packages.ts';
import { PREDICATE_TYPE } from '../../model/statement.ts';
import { ruleSet } from '../../normalise/rule-set.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import { fetchedMaterials } from '../../plans/hermetic/recorded-fetches.ts';
import type { PipelineContext } from '../context.ts';
import type { FinalImage, FinalPlatform } from '../image-under-build.ts';

/** A predicate that is to be signed, and the indexes and manifests that it is about. */
export interface StatementToSign {
  readonly predicateType: string;
  readonly predicate: unknown;
  readonly subject: Descriptor;
  /** What else it is about: a tag leads to the index, an engine runs a platform's manifest, and verifiers ask for either. */
  readonly also?: readonly Descriptor[];
  /** To be kept as an artifact of this layer, which is signed itself; the predicate type is the artifact's. */
  readonly layer?: Uint8Array;
}

/** What is known of a platform's content when its SBOM is written. */
interface PlatformContent {
  readonly packages: readonly Package[];
  readonly osRelease: OsRelease | undefined;
  readonly programs: readonly FileFact[];
  readonly unreadable: readonly UnreadablePackages[];
}

export interface DocumentInputs {
  readonly image: FinalImage;
  /** Undefined where not all layers could be read: an SBOM of a part would say that the rest is not there. */
  readonly content: (platform: FinalPlatform) => PlatformContent | undefined;
  readonly plan: BuildPlan;
  readonly toolVersion: string;
  readonly env: PipelineContext['env'];
  /** Versions of what took part: `docker`, `buildx`. */
  readonly versions: Readonly<Record<string, string>>;
  /** Who signed an image that was used, by its digest. */
  readonly bases?: ReadonlyMap<string, string>;
  readonly normaliser: { readonly version: string; readonly rules: readonly string[] };
  readonly startedOn: string;
  readonly finishedOn: string;
}

/**
 * The statements about what was built: SBOMs, provenance, signatures. All of them are about the index, since that is what a tag leads to,
 * and about the platforms' manifests, which engines pull: what is said of one platform names that one. These are the signature and
 * provenance, which need nothing that the layers hold.
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

/** The SBOMs, of the same subjects. */
export function sbomStatements(inputs: DocumentInputs): readonly StatementToSign[] {
  return inputs.image.platforms.flatMap((platform) => sboms(inputs, platform));
}

type Subjects = Pick<StatementToSign, 'subject'> & { readonly also: readonly Descriptor[] };

/** The index with all its platforms. */
export function wholeImage({ index, platforms }: FinalImage): Subjects {
  return { subject: index, also: platforms.map(({ descriptor }) => descriptor) };
}

/** One platform and the index that lists it. Of several platforms the manifest comes first: it is what the statement is named by. */
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
  const input = {
    ...found,
    image: {
      name: plan.names[0] ?? digest,
      digest,
      platform: platformOf({ ...platform, descriptor: platform.built.descriptor }),
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
      ...fetchedMaterials(plan.fetches ?? new Map()),
    ],
    ...(inputs.bases === undefined ? {} : { signers: inputs.bases }),
    parameters: {
      ...(plan.epoch === undefined
        ? {}
        : { sourceDateEpoch: plan.epoch.seconds, sourceDateEpochFrom: plan.epoch.reason }),
      // BuildKit's own `vcs` does not tell: buildx looks for changes only where it is asked to.
      ...(plan.vcs === undefined
        ? {}
        : { workingTree: plan.vcs.revision.endsWith('-dirty') ? 'dirty' : 'clean' }),
      normaliser: mode,
      ...(plan.hermetic === undefined
        ? {}
        : { fetches: plan.hermetic === 'record' ? 'recorded' : 'replayed' }),
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
  });
  if (!predicate.ok)
    throw new UserError(`BuildKit's provenance could not be read: ${predicate.error}`, {
      nextStep: 'Build with --provenance=false to go without, and report this.',
    });
  return [
    {
      predicateType: PREDICATE_TYPE.slsaProvenanceV1,
      predicate: predicate.value,
      ...onePlatform(image, platform),
    },
  ];
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
function sourceOf({
  source,
  revision,
}: NonNullable<BuildPlan['vcs']>): readonly ProvenanceMaterial[] {
  return source === undefined || !/^[0-9a-f]{40,64}$/.test(revision)
    ? []
    : [{ uri: `git+${source}@${revision}`, digest: { gitCommit: revision } }];
}
