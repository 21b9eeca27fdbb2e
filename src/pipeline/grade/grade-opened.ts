import { vexOfAttestations } from '../../facts/vex/vex-attestations.ts';
import type { VexDocument } from '../../facts/vex/vex-statement.ts';
import type { Platform } from '../../model/oci.ts';
import type { OpenedImage, OpenedPlatform } from '../../model/opened-image.ts';
import { parseReference } from '../../model/reference.ts';
import type { Settings } from '../../model/settings.ts';
import { assess, type Graded } from '../assess/assess.ts';
import type { AssessedPlatform, PlatformEvidence } from '../assess/evidence.ts';
import { inspect } from '../assess/inspect.ts';
import type { CarriedVerdict } from '../assess/judge-platforms.ts';
import { type PipelineContext, phase } from '../context.ts';
import type { Registries } from '../registries.ts';
import { scanPlatforms } from '../scan/scan-platforms.ts';
import type { TrustedSigners } from '../sign/trusted-signers.ts';
import type { CheckedAttachment } from '../verify/checked-attachment.ts';
import { readAttachments } from '../verify/read-attachments.ts';
import { verifyAttachments } from '../verify/verify-attachments.ts';
import { askedPlatforms } from './asked-platforms.ts';
import { attestationsFact } from './attestations-fact.ts';
import { type BaseLayers, baseLayers } from './base-layers.ts';
import { withContradictions } from './contradicted.ts';
import { gradedBuild, type GivenDockerfile } from './grade-build-fact.ts';
import { reproductionFact } from './reproduction-fact.ts';

export interface GradeOptions {
  readonly settings: Settings;
  readonly trusted: TrustedSigners;
  /** Used where the image's provenance does not contain one. */
  readonly dockerfile: GivenDockerfile | undefined;
  /** False leaves out the scan for secrets; its criterion is then unknown. */
  readonly secrets: boolean;
  /** The user's VEX documents, read once for all images. */
  readonly vex: readonly VexDocument[];
  /** Where bases are looked up that unsigned statements name. */
  readonly registries: Registries;
  /** What hangs on the image, where it was verified already. */
  readonly attached?: CheckedAttachments;
  /** What a signed verdict of this image knew. */
  readonly carried?: CarriedVerdict | undefined;
}

/** The image's attachments, checked once for all its platforms. */
interface CheckedAttachments {
  readonly checked: readonly CheckedAttachment[];
  readonly incomplete: string | undefined;
}

type AttestedEvidence = PlatformEvidence & Pick<AssessedPlatform, 'attestations' | 'reproduction'>;

/**
 * Grades an image that was opened somewhere, all its platforms or those that are asked for:
 * verifies its attachments, reads each layer once, scans, judges. Throws UserError where a layer or
 * a document is damaged or missing.
 */
export async function gradeOpened(
  context: PipelineContext,
  whole: OpenedImage,
  options: GradeOptions,
  asked: readonly Platform[] = [],
): Promise<Graded> {
  const { image, notGraded } = askedPlatforms(whole, asked);
  const { settings, secrets } = options;
  const attached = options.attached ?? (await verifyAll(context, image, options.trusted));
  const bases = baseLayers(context, options.registries, settings, homeOf(image));
  const evidence = await Promise.all(
    image.platforms.map((one) => evidenceOf(image, one, attached, options, bases)),
  );
  const inspected = await inspect(context, image, evidence, { secrets });
  const scan = { settings, names: [image.name] };
  const platforms = await scanPlatforms(context, image, inspected, scan);
  const { carried } = options;
  return assess(context, image, platforms, { settings, secrets, notGraded, carried });
}

/** Reads what hangs on an image, and verifies it against those whom the user trusts. */
export function verifyAll(
  context: PipelineContext,
  image: OpenedImage,
  trusted: TrustedSigners,
): Promise<CheckedAttachments> {
  return phase(
    context,
    'verify',
    async () => {
      const read = await readAttachments(image);
      const checked = await verifyAttachments(context, image, read, trusted);
      return { checked, incomplete: read.incomplete };
    },
    ({ checked, incomplete }) => {
      const verified = checked.filter(({ verification }) => verification === 'verified').length;
      const found = `${checked.length} signatures and attestations, ${verified} verified`;
      return { detail: incomplete === undefined ? found : `${found}; ${incomplete}` };
    },
  );
}

/** The image's registry, or the one that its statements came from. */
function homeOf({ place, name, attachedAt }: OpenedImage): string | undefined {
  if (attachedAt !== undefined) return attachedAt;
  const reference = parseReference(name.replace(/^(?:registry:|docker:\/\/)/, ''));
  return place === 'registry' && reference.ok ? reference.value.registry : undefined;
}

async function evidenceOf(
  image: OpenedImage,
  platform: OpenedPlatform,
  { checked, incomplete }: CheckedAttachments,
  options: GradeOptions,
  bases: BaseLayers,
): Promise<AttestedEvidence> {
  const digests = [platform.descriptor.digest, image.root.digest] as const;
  const attestations = await withContradictions(
    attestationsFact(image, platform.descriptor.digest, checked, incomplete),
    platform.config,
    bases,
  );
  const attached = attestations.known ? attestations.value.attestations : [];
  const { fact, ...build } = await gradedBuild(image, platform, attestations, options.dockerfile);
  const { withoutAttachments: unasked } = image;
  const notices =
    unasked === undefined
      ? build.notices
      : [...build.notices, `signatures and attestations were not looked up: ${unasked}`];
  const reference = parseReference(image.name);
  const references = reference.ok ? [reference.value] : [];
  return {
    platform,
    attestations,
    reproduction: reproductionFact(attestations, digests),
    build: fact,
    ...build,
    notices,
    predicates: attached.map(({ predicate }) => predicate),
    vex: [...options.vex, ...vexOfAttestations(attached, { digests, references })],
  };
}
