import { matchesPlatform, parsePlatform } from '../image/platforms.ts';
import { UserError } from '../lib/errors.ts';
import type { PipelineContext } from '../model/context.ts';
import {
  type Annotations,
  type Descriptor,
  type Index,
  MEDIA_TYPE,
  type Platform,
  platformOf,
} from '../model/image.ts';
import type { PlannedAnnotations } from './annotations.ts';
import type { FinalPlatform } from './image-under-build.ts';
import type { Build } from './states.ts';

type ByPlatform = PlannedAnnotations['byPlatform'][number];

function isFor({ platform: text }: ByPlatform, platform: Platform): boolean {
  const named = parsePlatform(text);
  return named !== undefined && matchesPlatform(platform, named);
}

/** What a level has for a platform: what is for it alone goes above what is for all. */
export function annotationsFor(
  planned: PlannedAnnotations,
  level: ByPlatform['level'],
  platform: Platform,
): Annotations {
  const own = planned.byPlatform.filter((one) => one.level === level && isFor(one, platform));
  return { ...planned[level], ...Object.fromEntries(own.map(({ key, value }) => [key, value])) };
}

/**
 * An annotation for a platform that was not built is lost: BuildKit refuses it where it built
 * several, whose words the UserError has, and says nothing where it built one.
 */
export function warnOfLost(
  { emit }: Pick<PipelineContext, 'emit'>,
  { byPlatform }: PlannedAnnotations,
  built: readonly Platform[],
): void {
  for (const one of byPlatform) {
    if (built.some((platform) => isFor(one, platform))) continue;
    if (built.length > 1)
      throw new UserError(`invalid annotation: no platform ${one.platform} found in source`, {
        exitCode: 1,
      });
    const text = `annotation ${one.key} is not in the image: it is for ${one.platform}, which was not built`;
    emit({ kind: 'warning', text });
  }
}

/**
 * The index that is published. Nothing in it differs from build to build. Its own descriptor has
 * annotations too, which an index.json and `--metadata-file` have.
 */
export async function writeIndex(
  context: PipelineContext,
  build: Build,
  platforms: readonly FinalPlatform[],
): Promise<Descriptor> {
  const { plan, store } = build;
  const { annotations: planned, attest } = plan;
  const { provenance, sbom } = attest.inIndex;
  const annotated = (annotations: Annotations): { readonly annotations?: Annotations } =>
    Object.keys(annotations).length > 0 ? { annotations } : {};
  const manifests = platforms.map(({ descriptor, built, config }) => {
    const { mediaType, digest, size } = descriptor;
    const platform = platformOf({ descriptor: built.descriptor, config });
    const annotations = annotationsFor(planned, 'manifestDescriptor', platform);
    return { mediaType, digest, size, platform, ...annotated(annotations) };
  });
  const attestations =
    provenance || sbom
      ? await (
          await import('../trust/index-attestations.ts')
        ).indexAttestations(context, build, platforms)
      : [];
  const index: Index = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    manifests: [...manifests, ...attestations],
    ...annotated(planned.index),
  };
  const written = await store.blobs.write(Buffer.from(JSON.stringify(index)));
  return { mediaType: MEDIA_TYPE.index, ...written, ...annotated(planned.indexDescriptor) };
}
