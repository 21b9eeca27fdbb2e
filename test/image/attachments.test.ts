import { expect, test } from 'vitest';
import { type AttachmentPlace, gatherAttachments } from '../../src/image/attachments.ts';
import { verified } from '../../src/image/blob-store.ts';
import type { Descriptor } from '../../src/model/image.ts';
import { ImageBytes } from '../fakes/images.ts';

function place(
  bytes: ImageBytes,
  referrers: readonly Descriptor[],
  other: Partial<AttachmentPlace> = {},
): AttachmentPlace {
  return {
    referrers: () => Promise.resolve(referrers),
    tagged: () => Promise.resolve(undefined),
    read: (descriptor) => {
      const blob = bytes.blobs.get(descriptor.digest);
      return Promise.resolve(blob === undefined ? undefined : verified(descriptor, blob));
    },
    ...other,
  };
}

test('a listed manifest that is about something else is no referrer; what is no manifest is nothing', async () => {
  const bytes = new ImageBytes();
  const [image, other] = [bytes.image(), bytes.image({ text: 'other' })];
  const index = bytes.index([], { subject: image });
  const right = bytes.referrer(image);
  const listed = [right, right, bytes.referrer(other), image, index];
  const { complete, found } = await gatherAttachments(place(bytes, listed), [image.digest], []);
  expect(complete).toBe(true);
  expect(found.map((a) => a.descriptor.digest)).toEqual([right.digest]);
});

test('a manifest that is another than its digest, or missing, makes it incomplete', async () => {
  const bytes = new ImageBytes();
  const image = bytes.image();
  const [damaged, lost, good] = ['1', '2', '3'].map((type) => bytes.referrer(image, `x/${type}`));
  if (!damaged || !lost || !good) throw new Error('three were made');
  bytes.blobs.set(damaged.digest, Buffer.alloc(damaged.size, 'x'));
  const one = await gatherAttachments(place(bytes, [damaged, good]), [image.digest], []);
  expect('reason' in one && one.reason).toContain('other content');
  expect(one.found.map((a) => a.descriptor)).toEqual([good]);
  bytes.blobs.delete(lost.digest);
  const two = await gatherAttachments(place(bytes, [lost]), [image.digest], []);
  expect('reason' in two && two.reason).toContain('is missing');
});

test('of an artifact, what hangs on it comes too; of a signature nothing more is asked', async () => {
  const bytes = new ImageBytes();
  const image = bytes.image();
  const profile = bytes.referrer(image, 'application/vnd.cncf.seccomp-profile.config.v1+json');
  const bundle = bytes.referrer(image, 'application/vnd.dev.sigstore.bundle.v0.3+json');
  const signature = bytes.referrer(profile, 'application/vnd.dev.sigstore.bundle.v0.3+json');
  const by = new Map([
    [image.digest, [profile, bundle]],
    [profile.digest, [signature]],
  ]);
  const asked: string[] = [];
  const referrers: AttachmentPlace['referrers'] = (subject) => {
    asked.push(subject);
    return Promise.resolve(by.get(subject) ?? []);
  };
  const { found } = await gatherAttachments(place(bytes, [], { referrers }), [image.digest], []);
  expect(asked).toEqual([image.digest, profile.digest]);
  expect(new Set(found.map(({ descriptor }) => descriptor.digest))).toEqual(
    new Set([profile.digest, bundle.digest, signature.digest]),
  );
});
