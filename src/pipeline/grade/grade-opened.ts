import { knownPackages } from '../../facts/known-packages.ts';
import type { VexDocument } from '../../facts/vex/vex-statement.ts';
import {
  type AttestationsFact,
  type Fact,
  type Facts,
  known,
  unknownFact,
} from '../../model/facts.ts';
import { type Platform, platformName } from '../../model/oci.ts';
import type { OpenedImage, OpenedPlatform } from '../../model/opened-image.ts';
import { quantity } from '../../model/quantity.ts';
import type { FoundSecrets } from '../../model/secret-facts.ts';
import type { Settings } from '../../model/settings.ts';
import { isForeign, MissingLayerError } from '../../oci/missing-layer.ts';
import { type PipelineContext, phase } from '../context.ts';
import { type Inspected, inspectPlatform } from '../layers/inspect-image.ts';
import { scanOpened } from '../scan/scan-opened.ts';
import type { TrustedSigners } from '../sign/trusted-signers.ts';
import { verifyAttachments, type CheckedAttachment } from '../verify/verify-attachments.ts';
import { askedPlatforms } from './asked-platforms.ts';
import { attestationsFact } from './attestations-fact.ts';
import { withContradictions } from './contradicted.ts';
import { gradedBuild, type GivenDockerfile } from './grade-build-fact.ts';
import type { Graded } from './grade-image.ts';
import { gradeText } from './grade-text.ts';
import { judgePlatforms, type PlatformFacts } from './judge-platforms.ts';
import { readAttachments } from './read-attachments.ts';
import { reproductionFact } from './reproduction-fact.ts';
import { toldSecrets } from './told-secrets.ts';

export interface GradeOptions {
  readonly settings: Settings;
  readonly trusted: TrustedSigners;
  /** Taken where the image's provenance carries none. */
  readonly dockerfile: GivenDockerfile | undefined;
  /** False leaves out the scan for secrets; its criterion is then unknown. */
  readonly secrets: boolean;
  /** The user's VEX documents, read once for all images. */
  readonly vex: readonly VexDocument[];
}

/** All that hangs on the image, checked once for all its platforms. */
interface Hanging {
  readonly checked: readonly CheckedAttachment[];
  readonly incomplete: string | undefined;
}

/**
 * Judges an image that was opened somewhere: reads each layer once, verifies what hangs on it, scans, judges every platform, or those that are asked for. Throws
 * UserError where a layer or document is damaged or cannot be had.
 */
export async function gradeOpened(
  context: PipelineContext,
  whole: OpenedImage,
  options: GradeOptions,
  asked: readonly Platform[] = [],
): Promise<Graded> {
  const { image, notGraded } = askedPlatforms(whole, asked);
  const hanging = await attached(context, image, options.trusted);
  const platforms: PlatformFacts[] = [];
  for (const platform of image.platforms)
    platforms.push(await platformFacts(context, image, platform, hanging, options));
  return phase(
    context,
    'grade',
    () => {
      const { settings } = options;
      const named = { name: image.name, digest: image.root.digest, settings, notGraded };
      const scorecard = judgePlatforms(context, named, platforms);
      return Promise.resolve({ scorecard, contents: platforms });
    },
    ({ scorecard }) => ({ detail: gradeText(scorecard) }),
  );
}

function attached(
  context: PipelineContext,
  image: OpenedImage,
  trusted: TrustedSigners,
): Promise<Hanging> {
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

async function platformFacts(
  context: PipelineContext,
  image: OpenedImage,
  platform: OpenedPlatform,
  hanging: Hanging,
  options: GradeOptions,
): Promise<PlatformFacts> {
  const { settings } = options;
  const name = platformName(platform.descriptor.platform ?? platform.config);
  const { checked, incomplete } = hanging;
  const attestations = withContradictions(
    attestationsFact(image, platform.descriptor.digest, checked, incomplete),
    platform.config,
  );
  const build = gradedBuild(image, platform, attestations, options.dockerfile);
  const told = toldSecrets([image.index, platform.manifest], predicatesOf(attestations));
  const said = { buildArgs: build.buildArgs, told };
  const inspected = await inspect(context, image, platform, name, said, options);
  const content = await contentFacts(context, image, platform, inspected, attestations, options);
  const facts: Facts = {
    image: known(
      {
        platform: platform.descriptor.platform ?? platform.config,
        manifestDigest: platform.descriptor.digest,
        ...(image.index === undefined ? {} : { indexDigest: image.root.digest }),
        config: platform.config,
        manifest: platform.manifest,
        annotations: {
          index: image.index?.annotations ?? {},
          manifest: platform.manifest.annotations ?? {},
          labels: platform.config.config?.Labels ?? {},
        },
      },
      'image',
    ),
    ...content,
    build: build.fact,
    attestations,
    reproduction: reproductionFact(attestations, [platform.descriptor.digest, image.root.digest]),
    declarations: known(
      {
        secrets: settings.secrets.use,
        secretFiles: settings.secrets.files,
        trustedImages: settings.trust.images,
        maxAgeDays: settings.recentDays,
        now: context.now(),
      },
      'build',
    ),
  };
  const { notices } = build;
  return { platform: name, digest: platform.descriptor.digest, facts, notices };
}

/** What is told of the image beside its layers, for the secret scan. */
interface Said {
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly told: FoundSecrets;
}

function predicatesOf(attestations: Fact<AttestationsFact>): readonly unknown[] {
  return attestations.known
    ? attestations.value.attestations.map(({ predicate }) => predicate)
    : [];
}

type ContentFacts = Pick<Facts, 'filesystem' | 'packages' | 'secrets' | 'vulnerabilities'>;

/** What the layers hold; unknown where one of them could not be had. */
async function contentFacts(
  context: PipelineContext,
  image: OpenedImage,
  platform: OpenedPlatform,
  inspected: Inspected | MissingLayerError,
  attestations: Facts['attestations'],
  { settings, secrets, vex }: GradeOptions,
): Promise<ContentFacts> {
  if (inspected instanceof MissingLayerError) {
    const unread = unknownFact(inspected.message, inspected.nextStep);
    return { filesystem: unread, packages: unread, secrets: unread, vulnerabilities: unread };
  }
  const { content } = inspected;
  return {
    filesystem: known(content.filesystem, 'image'),
    packages: knownPackages(content),
    secrets: secrets
      ? known(content.secrets, 'image')
      : unknownFact('the layers were not searched for secrets', 'grade without --secrets=false'),
    vulnerabilities: await scanOpened(
      context,
      image,
      platform,
      content,
      attestations,
      settings,
      vex,
    ),
  };
}

/** Facts that were kept do not make an image whole. Throws MissingLayerError. */
async function requireLayers(image: OpenedImage, { layers }: OpenedPlatform): Promise<void> {
  const held = await Promise.all(
    layers.map(async ({ blob }) => isForeign(blob) || (await image.hasLayer(blob))),
  );
  const missing = layers[held.indexOf(false)];
  if (missing !== undefined) throw new MissingLayerError(missing.blob, image.name);
}

async function inspect(
  context: PipelineContext,
  image: OpenedImage,
  platform: OpenedPlatform,
  name: string,
  { buildArgs, told }: Said,
  { secrets }: GradeOptions,
): Promise<Inspected | MissingLayerError> {
  return phase(
    context,
    'inspect',
    async () => {
      try {
        const found = await inspectPlatform(context, image, platform, buildArgs, { secrets, told });
        if (found.read < platform.layers.length) await requireLayers(image, platform);
        return found;
      } catch (error) {
        // A layer that may not be handed out makes its facts unknown; one that is missing or damaged is an error.
        if (error instanceof MissingLayerError && error.foreign) return error;
        throw error;
      }
    },
    (found) =>
      found instanceof MissingLayerError
        ? { detail: `${name}: ${found.message}` }
        : {
            detail: `${name}: ${quantity(found.content.packages.length, 'package')}, ${quantity(found.content.filesystem.fileCount, 'file')}, ${found.read} of ${quantity(platform.layers.length, 'layer')} read`,
            cached: found.read === 0,
          },
  );
}
