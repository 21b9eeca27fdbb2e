import { type Annotations, MEDIA_TYPE, type Manifest } from '../../model/oci.ts';
import { layoutOutput } from '../build-invocation.ts';
import type { BuildPlan } from '../build-plan.ts';

/** BuildKit's note on a layer whose times its exporter clamped, in seconds since 1970. */
const REWRITTEN = 'buildkit/rewritten-timestamp';

/**
 * The build with BuildKit's own export, as an image has it that BuildKit itself published: its
 * compressor, its annotations, and times rewritten where a layer says so. `published` is that
 * image's manifest.
 */
export function plainExport(plan: BuildPlan, published: Manifest): BuildPlan {
  const output = layoutOutput(plan.layout, [
    ...compression(published),
    ...(isRewritten(published) ? ['rewrite-timestamp=true'] : []),
    ...annotationFields(published.annotations ?? {}),
  ]);
  return { ...plan, invocation: { ...plan.invocation, outputs: [output] } };
}

function compression({ layers }: Manifest): readonly string[] {
  const top = layers.at(-1)?.mediaType;
  if (top === MEDIA_TYPE.layerZstd) return ['compression=zstd'];
  return top === MEDIA_TYPE.layer ? ['compression=uncompressed'] : [];
}

function isRewritten({ layers }: Manifest): boolean {
  return layers.some(({ annotations }) => annotations?.[REWRITTEN] !== undefined);
}

function annotationFields(annotations: Annotations): readonly string[] {
  return Object.entries(annotations).map(([key, value]) => `annotation-manifest.${key}=${value}`);
}
