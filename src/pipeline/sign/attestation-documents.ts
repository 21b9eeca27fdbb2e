import { slsaProvenance } from '../../attestations/provenance.ts';
import { cyclonedxDocument } from '../../attestations/sbom-cyclonedx.ts';
import { spdxDocument } from '../../attestations/sbom-spdx.ts';
import { UserError } from '../../model/errors.ts';
import type { FileFact } from '../../model/facts.ts';
import { type Descriptor, platformOf } from '../../model/oci.ts';
import type { OsRelease, Package, UnreadablePackages } from '../../model/packages.ts';
import { PREDICATE_TYPE } from '../../model/statement.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import type { FinalImage, FinalPlatform } from '../image-under-build.ts';

/** A predicate that is to be signed, and the index or manifest that it is about. */
export interface StatementToSign {
  readonly predicateType: string;
  readonly predicate: unknown;
  readonly subject: Descriptor;
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
  /** Versions of what took part: `docker`, `buildx`. */
  readonly versions: Readonly<Record<string, string>>;
  readonly normaliser: { readonly version: string; readonly rules: readonly string[] };
  readonly startedOn: string;
  readonly finishedOn: string;
}

/**
 * The statements about what was built: SBOMs, provenance, signatures. Of a single-platform image all speak of the index that is
 * published, since that is what a tag leads to; of several platforms each manifest has its own, and the index a signature.
 * These are the signatures and provenance, which need nothing that the layers hold.
 */
export function earlyStatements(
  inputs: Omit<DocumentInputs, 'content'>,
): readonly StatementToSign[] {
  const { image } = inputs;
  const perPlatform = image.platforms.flatMap((platform) => {
    const subject = subjectOf(image, platform);
    return [...signature(subject), ...provenance(inputs, platform, subject)];
  });
  return image.platforms.length === 1 ? perPlatform : [...signature(image.index), ...perPlatform];
}

/** The SBOMs, of the same subjects. */
export function sbomStatements(inputs: DocumentInputs): readonly StatementToSign[] {
  return inputs.image.platforms.flatMap((platform) =>
    sboms(inputs, platform, subjectOf(inputs.image, platform)),
  );
}

function subjectOf(image: FinalImage, platform: FinalPlatform): Descriptor {
  return image.platforms.length === 1 ? image.index : platform.descriptor;
}

/** The statement that `cosign sign` 3 makes: the subject, and nothing said of it. */
function signature(subject: Descriptor): readonly StatementToSign[] {
  return [{ predicateType: PREDICATE_TYPE.cosignSign, predicate: {}, subject }];
}

function sboms(
  { plan, content, toolVersion }: DocumentInputs,
  platform: FinalPlatform,
  subject: Descriptor,
): readonly StatementToSign[] {
  const found = plan.attest.sbom.on ? content(platform) : undefined;
  if (found === undefined) return [];
  const input = {
    ...found,
    image: {
      name: plan.names[0] ?? subject.digest,
      digest: subject.digest,
      platform: platformOf({ ...platform, descriptor: platform.built.descriptor }),
    },
    created: plan.created,
    toolVersion,
  };
  return plan.attest.sbomFormats.map((format) =>
    format === 'cyclonedx'
      ? { predicateType: PREDICATE_TYPE.cyclonedx, predicate: cyclonedxDocument(input), subject }
      : { predicateType: PREDICATE_TYPE.spdx, predicate: spdxDocument(input), subject },
  );
}

function provenance(
  inputs: Omit<DocumentInputs, 'content'>,
  platform: FinalPlatform,
  subject: Descriptor,
): readonly StatementToSign[] {
  const { plan } = inputs;
  if (!plan.attest.provenance.on || platform.built.provenance === undefined) return [];
  const { mode } = plan.settings.reproducible;
  const predicate = slsaProvenance({
    buildkit: platform.built.provenance.predicate,
    buildkitDigest: platform.built.descriptor.digest,
    toolVersion: inputs.toolVersion,
    versions: inputs.versions,
    startedOn: inputs.startedOn,
    finishedOn: inputs.finishedOn,
    ...(plan.vcs === undefined ? {} : { vcs: plan.vcs }),
    parameters: {
      ...(plan.epoch === undefined
        ? {}
        : { sourceDateEpoch: plan.epoch.seconds, sourceDateEpochFrom: plan.epoch.reason }),
      // BuildKit's own `vcs` does not tell: buildx looks for changes only where it is asked to.
      ...(plan.vcs === undefined
        ? {}
        : { workingTree: plan.vcs.revision.endsWith('-dirty') ? 'dirty' : 'clean' }),
      normaliser: mode,
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
  });
  if (!predicate.ok)
    throw new UserError(`BuildKit's provenance could not be read: ${predicate.error}`, {
      nextStep: 'Build with --provenance=false to go without, and report this.',
    });
  return [{ predicateType: PREDICATE_TYPE.slsaProvenanceV1, predicate: predicate.value, subject }];
}
