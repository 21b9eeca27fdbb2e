import { MEDIA_TYPE } from '../../src/model/image.ts';
import { digestHex } from '../../src/model/reference.ts';
import type { MadeImage } from '../../test/accuracy/made-image.ts';
import { entry, tarOf } from '../../test/fakes/tar-bytes.ts';

/** The image as an OCI archive that `docker load` takes, under this tag. */
export function layoutArchive(image: MadeImage, tag: string): Buffer {
  const blobs = [
    ...image.layers.map(({ digest, blob }) => ({ hex: digestHex(digest), bytes: blob })),
    { hex: digestHex(image.manifest.config.digest), bytes: image.configBytes },
    { hex: digestHex(image.manifestDigest), bytes: image.manifestBytes },
  ];
  const index = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    manifests: [
      {
        mediaType: MEDIA_TYPE.manifest,
        digest: image.manifestDigest,
        size: image.manifestBytes.length,
        // The whole name: under a short one Docker would list an image that it then does not find.
        annotations: { 'io.containerd.image.name': `docker.io/library/${tag}` },
      },
    ],
  };
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const distinct = new Map(blobs.map(({ hex, bytes }) => [hex, bytes]));
  return tarOf(
    [
      { name: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) },
      { name: 'index.json', content: json(index) },
      ...[...distinct].map(([hex, content]) => ({ name: `blobs/sha256/${hex}`, content })),
    ].map(({ name, content }) => ({ entry: entry({ name, size: content.length }), content })),
  );
}
