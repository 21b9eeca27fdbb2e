import type { Digest } from '../../model/digest.ts';
import type { Fact, VulnerabilitiesFact } from '../../model/facts.ts';
import { type ImageReference, parseReference } from '../../model/reference.ts';
import { createCache, type JsonCache } from '../../oci/layout/json-cache.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import type { FinalImage } from '../build/image-under-build.ts';
import type { Prepared } from '../build/prepare-build.ts';
import type { PipelineContext } from '../context.ts';
import type { PlatformEvidence } from '../grade/grade-image.ts';
import { scanImage } from './scan-image.ts';
import { scanLayout } from './scan-layout.ts';

/** Where records of vulnerabilities are kept between runs. */
export function vulnerabilityCache({ paths }: Pick<PipelineContext, 'paths'>): JsonCache {
  return createCache(`${paths.cache}/vulnerabilities`, 1);
}

/** Scans every platform of what was just built, one after the other, by the digest of its manifest. */
export async function scanPlatforms(
  context: PipelineContext,
  { plan, vex }: Pick<Prepared, 'vex'> & { readonly plan: BuildPlan },
  image: FinalImage,
  evidence: readonly PlatformEvidence[],
): Promise<ReadonlyMap<Digest, Fact<VulnerabilitiesFact>>> {
  const { scanner, offline, osv } = plan.settings;
  const facts = new Map<Digest, Fact<VulnerabilitiesFact>>();
  for (const { platform, content } of evidence) {
    const { descriptor } = platform;
    const found = await scanImage(context, {
      scanner,
      layoutDir: await scanLayout(plan.layout, descriptor),
      content,
      image: { digests: [descriptor.digest, image.index.digest], references: referencesOf(plan) },
      vex,
      offline,
      osvUrl: osv.url,
      cache: vulnerabilityCache(context),
    });
    facts.set(descriptor.digest, found);
  }
  return facts;
}

function referencesOf({ names }: BuildPlan): readonly ImageReference[] {
  return names.flatMap((name) => {
    const reference = parseReference(name);
    return reference.ok ? [reference.value] : [];
  });
}
