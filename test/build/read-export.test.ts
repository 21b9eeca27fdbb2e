import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readExport } from '../../src/build/normalise-built.ts';
import { openStore } from '../../src/image/layout/store.ts';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { makeImage, temporaryFolder, writeJson } from '../fakes/layouts.ts';

const PREDICATE = 'https://slsa.dev/provenance/v1';

/** What buildx exports: an image, and BuildKit's statement about it. */
async function exported(statement: unknown) {
  const store = await openStore(temporaryFolder());
  const build = await store.newBuild();
  const { manifest } = await makeImage(store.blobs, [{ file: 'a' }]);
  const layer = {
    mediaType: MEDIA_TYPE.inToto,
    ...(await writeJson(store.blobs, statement)),
    annotations: { 'in-toto.io/predicate-type': PREDICATE },
  };
  const config = {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    ...(await writeJson(store.blobs, { architecture: 'unknown', os: 'unknown' })),
  };
  const attestation = {
    mediaType: MEDIA_TYPE.manifest,
    ...(await writeJson(store.blobs, {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      config,
      layers: [layer],
    })),
    platform: { architecture: 'unknown', os: 'unknown' },
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': manifest.digest,
    },
  };
  const index = {
    mediaType: MEDIA_TYPE.index,
    ...(await writeJson(store.blobs, {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.index,
      manifests: [{ ...manifest, platform: { os: 'linux', architecture: 'amd64' } }, attestation],
    })),
  };
  const whole = JSON.stringify({ schemaVersion: 2, manifests: [index] });
  writeFileSync(join(build.dir, 'index.json'), whole);
  return () => readExport(build.dir, store.blobs);
}

test('provenance that cannot be read ends the build, and is not left out', async () => {
  const read = await exported({ _type: 'https://in-toto.io/Statement/v1', predicateType: 7 });
  await expect(read()).rejects.toThrow(/^BuildKit's provenance could not be read: /);
});
