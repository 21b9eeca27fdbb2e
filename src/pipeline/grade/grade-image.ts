import type { ImageContent } from '../../facts/image-facts.ts';
import { knownPackages } from '../../facts/known-packages.ts';
import type { Digest } from '../../model/digest.ts';
import {
  type BuildFact,
  type Fact,
  type Facts,
  known,
  unknownFact,
  type VulnerabilitiesFact,
} from '../../model/facts.ts';
import { platformName } from '../../model/oci.ts';
import { familiarReference, parseReference } from '../../model/reference.ts';
import type { ImageContents } from '../../model/report.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import { PREDICATE_TYPE } from '../../model/statement.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import { platformOf } from '../build/image-digest.ts';
import type { FinalImage, FinalPlatform } from '../build/image-under-build.ts';
import type { Prepared } from '../build/prepare-build.ts';
import type { PipelineContext } from '../context.ts';
import type { SignedStatement } from '../sign/sign-statements.ts';
import { judgePlatforms } from './judge-platforms.ts';

/** What was gathered of one platform. */
export interface PlatformEvidence {
  readonly platform: FinalPlatform;
  readonly content: ImageContent;
  /** Layers that were read in this run. */
  readonly read: number;
  readonly build: Fact<BuildFact>;
}

/** A judged image: the scorecard, and the facts that reports show beside it. */
export interface Graded {
  readonly scorecard: Scorecard;
  readonly contents: readonly ImageContents[];
}

/** Judges every criterion on every platform of what was just built. */
export function gradeImage(
  context: PipelineContext,
  prepared: Prepared & { readonly plan: BuildPlan },
  image: FinalImage,
  evidence: readonly PlatformEvidence[],
  signed: readonly SignedStatement[],
  vulnerabilities: ReadonlyMap<Digest, Fact<VulnerabilitiesFact>> | undefined,
): Graded {
  const platforms = evidence.map((one) => ({
    platform: nameOf(one.platform),
    digest: one.platform.descriptor.digest,
    baseLayers: one.platform.baseLayers,
    facts: factsOf(
      context,
      prepared,
      image,
      one,
      signed,
      vulnerabilities?.get(one.platform.descriptor.digest),
    ),
  }));
  const named = {
    name: imageName(prepared.plan, image),
    digest: image.index.digest,
    settings: prepared.plan.settings,
  };
  return { scorecard: judgePlatforms(context, named, platforms), contents: platforms };
}

function factsOf(
  context: PipelineContext,
  { plan }: { readonly plan: BuildPlan },
  image: FinalImage,
  { platform, content, build }: PlatformEvidence,
  signed: readonly SignedStatement[],
  vulnerabilities: Fact<VulnerabilitiesFact> | undefined,
): Facts {
  const { settings, annotations } = plan;
  const mine = signed.filter(
    (s) => s.subject === image.index.digest || s.subject === platform.descriptor.digest,
  );
  const { use, files } = settings.secrets;
  return {
    image: known(
      {
        platform: platform.built.descriptor.platform ?? platformOf(platform.config),
        manifestDigest: platform.descriptor.digest,
        indexDigest: image.index.digest,
        config: platform.config,
        manifest: platform.manifest,
        annotations: {
          index: annotations.index,
          manifest: platform.manifest.annotations ?? {},
          labels: platform.config.config?.Labels ?? {},
        },
      },
      'build',
    ),
    filesystem: known(content.filesystem, 'image'),
    packages: knownPackages(content),
    secrets: known(content.secrets, 'image'),
    build,
    attestations: known(
      {
        signatures: mine
          .filter((s) => s.predicateType === PREDICATE_TYPE.cosignSign)
          .map((s) => ({
            kind: 'cosign-bundle',
            verification: s.verifiedBy === undefined ? 'unverified' : 'verified',
            digest: s.referrer.digest,
            ...(s.verifiedBy === undefined ? {} : { verifiedBy: s.verifiedBy }),
          })),
        attestations: mine
          .filter((s) => s.predicateType !== PREDICATE_TYPE.cosignSign)
          .map((s) => ({
            predicateType: s.predicateType,
            predicate: s.predicate,
            subjects: [s.subject],
            source: 'this-build',
            verification: 'verified',
            digest: s.referrer.digest,
          })),
      },
      'build',
    ),
    vulnerabilities: vulnerabilities ?? unknownFact('nothing was scanned'),
    reproduction: unknownFact(
      'not tested yet: the build ran once',
      'scoville reproduce --attest -t IMAGE .',
    ),
    declarations: known(
      {
        secrets: use,
        secretFiles: files,
        trustedImages: settings.trust.images,
        maxAgeDays: settings.recentDays,
        now: context.now(),
      },
      'build',
    ),
  };
}

function nameOf(platform: FinalPlatform): string {
  return platformName(platform.built.descriptor.platform ?? platformOf(platform.config));
}

function imageName(plan: BuildPlan, image: FinalImage): string {
  const reference = parseReference(plan.names[0] ?? '');
  return reference.ok ? familiarReference(reference.value) : image.index.digest;
}
