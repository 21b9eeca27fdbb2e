import { expect, test } from 'vitest';
import type { BuildPlan } from '../../src/build/plan.ts';
import { type Manifest, MEDIA_TYPE } from '../../src/model/image.ts';
import type { Digest } from '../../src/model/reference.ts';
import { plainExport } from '../../src/reproduce/rebuild.ts';

const DIGEST = `sha256:${'a'.repeat(64)}` as Digest;

function outputOf(manifest: Partial<Manifest>): string | undefined {
  const plan = {
    layout: '/l,1',
    invocation: { outputs: ['type=oci,dest=/other'], flags: [], context: '.', env: {} },
  } as unknown as BuildPlan;
  const published: Manifest = {
    schemaVersion: 2,
    config: { mediaType: MEDIA_TYPE.config, digest: DIGEST, size: 1 },
    layers: [],
    ...manifest,
  };
  return plainExport(plan, published).invocation.outputs[0];
}

const layer = (mediaType: string, annotations = {}) => [
  { mediaType, digest: DIGEST, size: 1, annotations },
];

test('an image as BuildKit exports it by itself: gzip, no times rewritten', () => {
  expect(outputOf({ layers: layer(MEDIA_TYPE.layerGzip) })).toBe('type=oci,"dest=/l,1",tar=false');
});

test('its compression, rewritten times and annotations are the published image’s', () => {
  expect(
    outputOf({
      layers: layer(MEDIA_TYPE.layerZstd, { 'buildkit/rewritten-timestamp': '5' }),
      annotations: { a: 'x', b: 'y,"z"' },
    }),
  ).toBe(
    'type=oci,"dest=/l,1",tar=false,compression=zstd,rewrite-timestamp=true,annotation-manifest.a=x,"annotation-manifest.b=y,""z"""',
  );
});
