import { expect, test } from 'vitest';
import { bundleReferrer } from '../../src/image/referrers.ts';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';

const subject = {
  mediaType: MEDIA_TYPE.index,
  digest: digestOf('image'),
  size: 5,
  annotations: { name: 'left out' },
};
const bundle = Buffer.from('{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}');
const options = { subject, bundle, predicateType: 'https://slsa.dev/provenance/v1' };

test('the manifest has the form that cosign writes', () => {
  const { bytes, descriptor } = bundleReferrer(options);
  expect(JSON.parse(Buffer.from(bytes).toString())).toEqual({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    config: {
      mediaType: 'application/vnd.oci.empty.v1+json',
      digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
      size: 2,
    },
    layers: [
      {
        mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
        digest: digestOf(bundle),
        size: bundle.length,
      },
    ],
    subject: { mediaType: MEDIA_TYPE.index, digest: subject.digest, size: 5 },
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': 'https://slsa.dev/provenance/v1',
    },
  });
  expect(descriptor).toMatchObject({
    digest: digestOf(bytes),
    artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
  });
});

test('the same bundle gives the same bytes', () => {
  expect(bundleReferrer(options)).toEqual(bundleReferrer(options));
});
