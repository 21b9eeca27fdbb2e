import { quantity } from '../../model/quantity.ts';
import { fileTimeOf } from '../../model/steady-inputs.ts';
import { ruleSet } from '../../normalise/rule-set.ts';
import { openCache } from '../../oci/layout/caches.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import { decideEpoch } from '../../plans/epoch.ts';
import { type PipelineContext, phase } from '../context.ts';
import { writeIndex } from '../image-digest.ts';
import type { BuiltPlatform, FinalImage } from '../image-under-build.ts';
import { normalisePlatform } from './normalise-image.ts';
import { refusePredictable } from './refuse-predictable.ts';
import type { Build } from './states.ts';

/**
 * Rewrites the own layers of what BuildKit exported and puts the index together that is published.
 * Throws UserError where a layer of a seeded build contains a secret.
 */
export async function normaliseBuilt(
  context: PipelineContext,
  build: Build,
  built: readonly BuiltPlatform[],
): Promise<FinalImage> {
  const { plan, store, images, together } = build;
  const linked = together.linked.flatMap((link) => link.layers.map((layers) => ({ layers })));
  const { annotations, settings } = plan;
  const rules = ruleSet(settings.reproducible.mode, settings.reproducible);
  const result = await phase(
    context,
    'normalise',
    async () => {
      const platforms = [];
      let rewritten = 0;
      for (const one of built) {
        const done = await normalisePlatform(one, {
          blobs: store.blobs,
          cache: openCache(context, 'layers', rules.id),
          rules,
          compression: plan.compression === 'zstd' ? 'zstd' : 'gzip',
          epoch: epochOf(plan),
          fileTime: plan.steady && fileTimeOf(plan.steady),
          created: plan.created,
          annotations: (platform) => ({
            ...annotations.manifest,
            ...Object.fromEntries(
              annotations.byPlatform
                .filter((a) => a.level === 'manifest' && a.platform === platform)
                .map((a) => [a.key, a.value]),
            ),
          }),
          bases: [...images, ...linked],
          signal: context.signal,
          onRead: (digest, done, total) => {
            context.emit({ kind: 'transfer', phase: 'normalise', digest, done, total });
          },
        });
        platforms.push(done.platform);
        rewritten += done.rewritten;
      }
      return { platforms, rewritten };
    },
    ({ platforms, rewritten }) => {
      const touched = platforms.flatMap((p) => p.touched).length;
      return {
        detail: `${quantity(rewritten, 'layer')} made reproducible, ${quantity(touched, 'file')} changed (${rules.id})`,
        cached: rewritten === 0,
      };
    },
  );
  for (const { touched } of result.platforms)
    for (const { layer, path, rule } of touched)
      context.emit({ kind: 'file-normalised', layer, path, rule });
  await refusePredictable(context, build, result.platforms);
  const index = await writeIndex(
    store.blobs,
    result.platforms,
    annotations.index,
    annotations.manifestDescriptor,
  );
  return { index, platforms: result.platforms };
}

/** The plan's epoch if it has one. With the rules off any will do, as nothing is later than it. */
function epochOf(plan: BuildPlan): number {
  if (plan.epoch !== undefined) return plan.epoch.seconds;
  const fallback = decideEpoch({
    buildArgument: undefined,
    environment: undefined,
    dockerfileDefault: undefined,
    baseImages: [],
  });
  return fallback.ok ? fallback.value.seconds : 0;
}
