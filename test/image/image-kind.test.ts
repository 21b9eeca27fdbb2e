import { expect, test } from 'vitest';
import { artifactKind } from '../../src/image/opened-documents.ts';
import { type Manifest, MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';

const of = (mediaType: string) => ({ mediaType, digest: digestOf(mediaType), size: 1 });

function manifest(config: string, layers: readonly string[], artifactType?: string): Manifest {
  return {
    schemaVersion: 2,
    config: of(config),
    layers: layers.map(of),
    ...(artifactType === undefined ? {} : { artifactType }),
  };
}

test.each([
  [MEDIA_TYPE.config, [MEDIA_TYPE.layerGzip]],
  [MEDIA_TYPE.dockerConfig, [MEDIA_TYPE.dockerLayerGzip]],
  [MEDIA_TYPE.config, [MEDIA_TYPE.layerZstd, MEDIA_TYPE.layer]],
  [MEDIA_TYPE.config, []],
  [MEDIA_TYPE.dockerConfig, ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip']],
  // A layer that is no file system in an image that has others is for the walk to refuse, by its
  // digest.
  [MEDIA_TYPE.config, [MEDIA_TYPE.layer, 'text/plain']],
])('%s with %j is an image', (config, layers) => {
  expect(artifactKind(manifest(config, layers))).toBeUndefined();
});

test.each([
  ['application/vnd.cncf.helm.config.v1+json', [], undefined],
  [MEDIA_TYPE.empty, ['x/y'], 'x/z'],
  ['x/config', [MEDIA_TYPE.layer], undefined],
  [MEDIA_TYPE.config, ['x/layer'], undefined],
])('%s with %j (%s) is an artifact', (config, layers, artifactType) => {
  const type = artifactType ?? (config === MEDIA_TYPE.config ? layers[0] : config);
  expect(artifactKind(manifest(config, layers, artifactType))).toBe(
    `an artifact of type "${type}"`,
  );
});
