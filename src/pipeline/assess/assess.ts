import { knownPackages } from '../../facts/known-packages.ts';
import { type Facts, known, unknownFact } from '../../model/facts.ts';
import { platformNameOf, platformOf } from '../../model/oci.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import type { ImageContents } from '../../model/report.ts';
import type { NotGraded, Scorecard } from '../../model/scorecard.ts';
import type { Settings } from '../../model/settings.ts';
import { type PipelineContext, phase } from '../context.ts';
import type { AssessedPlatform } from './evidence.ts';
import { type CarriedVerdict, judgePlatforms, type PlatformFacts } from './judge-platforms.ts';
import { withLines } from './secret-lines.ts';
import { shownFacts } from './shown-texts.ts';

/** A judged image: the scorecard, and the facts that reports show beside it. */
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
 * From an image to its verdicts, whether it was just built or opened somewhere: what its layers and
 * documents say, what is attested and what a scanner found become the facts of each platform, and
 * each of the 23 criteria is judged by them. Nothing is read here.
 */
export function assess(
  context: PipelineContext,
  image: OpenedImage,
  platforms: readonly AssessedPlatform[],
  options: AssessOptions,
): Promise<Graded> {
  const { settings, notGraded, carried } = options;
  return phase(
    context,
    'grade',
    () => {
      const contents = platforms.map((one): PlatformFacts => ({
        platform: platformNameOf(one.platform),
        digest: one.platform.descriptor.digest,
        facts: factsOf(context, image, one, options),
        notices: [...(one.notices ?? []), ...vexNotices(one)],
        ...(one.baseLayers === undefined ? {} : { baseLayers: one.baseLayers }),
      }));
      const named = { name: image.name, digest: image.root.digest, settings, carried };
      const scorecard = judgePlatforms(
        context,
        { ...named, ...(notGraded === undefined ? {} : { notGraded }) },
        contents,
      );
      const shown = contents.map((one) => ({ ...one, facts: shownFacts(one.facts) }));
      return Promise.resolve({ scorecard, contents: shown });
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
  image: OpenedImage,
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
        ...(image.index === undefined ? {} : { indexDigest: image.root.digest }),
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
        trustedImages: settings.trust.images,
        maxAgeDays: settings.recentDays,
        now: context.now(),
      },
      'build',
    ),
  };
}
