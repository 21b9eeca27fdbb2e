import { expect, test } from 'vitest';
import { BlobStore } from '../../src/image/blob-store.ts';
import { parseManifest } from '../../src/image/documents.ts';
import { signatureLayer, simpleSigningPayload, writeTagged } from '../../src/image/referrers.ts';
import { digestOf } from '../../src/model/reference.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

test('payload and manifest have the form that cosign 2 verifies', async () => {
  const blobs = new BlobStore(temporaryFolder());
  await blobs.prepare();
  const subject = digestOf('image');
  const payload = simpleSigningPayload('reg.example/app', subject);
  expect(Buffer.from(payload).toString()).toBe(
    `{"critical":{"identity":{"docker-reference":"reg.example/app"},"image":{"docker-manifest-digest":"${subject}"},"type":"cosign container image signature"},"optional":null}`,
  );
  const { tag, descriptor } = await writeTagged(blobs, subject, 'sig', [
    signatureLayer(payload, { 'dev.cosignproject.cosign/signature': 'c2ln' }),
  ]);
  expect(tag).toBe(`sha256-${subject.slice(7)}.sig`);
  const manifest = parseManifest(await blobs.readDocument(descriptor), 'it');
  expect(manifest.layers).toEqual([
    {
      mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
      digest: digestOf(payload),
      size: payload.length,
      annotations: { 'dev.cosignproject.cosign/signature': 'c2ln' },
    },
  ]);
  expect(await blobs.has(digestOf(payload))).toBe(true);
});
