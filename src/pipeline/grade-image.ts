import { judgeImage } from '../criteria/judge-image.ts';
import type { ImageContent } from '../facts/image-facts.ts';
import { assembleScorecard, type JudgedPlatform } from '../grading/scorecard.ts';
import {
  type BuildFact,
  type Fact,
  type Facts,
  known,
  unknownFact,
  type VulnerabilitiesFact,
} from '../model/facts.ts';
import { platformName } from '../model/oci.ts';
import { familiarReference, parseReference } from '../model/reference.ts';
import type { Scorecard } from '../model/scorecard.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import type { BuildPlan } from '../plans/build-plan.ts';
import type { PipelineContext } from './context.ts';
import { platformOf } from './image-digest.ts';
import type { FinalImage, FinalPlatform } from './image-under-build.ts';
import type { Prepared } from './prepare-build.ts';
import type { SignedStatement } from './sign-statements.ts';

/** What was gathered of one platform. */
export interface PlatformEvidence {
  readonly platform: FinalPlatform;
  readonly content: ImageContent;
  /** Layers that were read in this run. */
  readonly read: number;
  readonly build: Fact<BuildFact>;
}

/** Judges every criterion on every platform. Nothing is read here: facts in, scorecard out. */
export function gradeImage(
  context: PipelineContext,
  prepared: Prepared & { readonly plan: BuildPlan },
  image: FinalImage,
  evidence: readonly PlatformEvidence[],
  signed: readonly SignedStatement[],
  vulnerabilities: Fact<VulnerabilitiesFact> | undefined,
): Scorecard {
  const judged = evidence.map((one): JudgedPlatform => {
    const facts = factsOf(context, prepared, image, one, signed, vulnerabilities);
    return {
      platform: nameOf(one.platform),
      digest: one.platform.descriptor.digest,
      criteria: judgeImage(facts),
    };
  });
  const [first, ...rest] = judged;
  if (first === undefined) throw new Error('an image without a platform was graded');
  return assembleScorecard({
    toolVersion: context.version,
    image: imageName(prepared.plan, image),
    digest: image.index.digest,
    gradedAt: new Date(context.now()).toISOString(),
    platforms: [first, ...rest],
    waivers: prepared.plan.settings.gate.waivers,
  });
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
    packages: known(content.packages, 'image'),
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
    reproduction: unknownFact('the build was not repeated', 'scoville reproduce'),
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
