import { expect, test } from 'vitest';
import { attachedClosure } from '../../src/image/attachments.ts';
import { reachable } from '../../src/image/image-index.ts';
import { type Descriptor, MEDIA_TYPE } from '../../src/model/image.ts';
import { type Digest, digestOf } from '../../src/model/reference.ts';

/** Documents by digest, and how many were read. */
class Documents {
  readonly #bytes = new Map<Digest, Uint8Array>();
  reads = 0;
  readonly content = {
    has: () => Promise.resolve(true),
    openRead: () => {
      throw new Error('not asked for');
    },
    readDocument: ({ digest }: Descriptor) => {
      this.reads++;
      return Promise.resolve(this.#bytes.get(digest) ?? new Uint8Array());
    },
  };

  index(manifests: readonly Descriptor[]): Descriptor {
    const document = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests };
    const bytes = Buffer.from(JSON.stringify(document));
    const digest = digestOf(bytes);
    this.#bytes.set(digest, bytes);
    return { mediaType: MEDIA_TYPE.index, digest, size: bytes.length };
  }

  /** An index in an index, so many deep. */
  nested(depth: number): Descriptor {
    return depth === 0 ? this.index([]) : this.index([this.nested(depth - 1)]);
  }
}

test('an index in more indexes than are read is an error: nothing is left out of a copy unsaid', async () => {
  const documents = new Documents();
  const whole = await reachable(documents.content, [documents.nested(4)]);
  expect(whole.manifests).toHaveLength(5);
  await expect(reachable(documents.content, [documents.nested(5)])).rejects.toThrow(
    /^sha256:[0-9a-f]{64} is in indexes of more than 4 levels$/,
  );
});

test('an index of more manifests than any image has is not read to its end', async () => {
  const documents = new Documents();
  const parts = Array.from({ length: 120 }, (_, at) =>
    documents.index(
      Array.from({ length: 120 }, (__, n): Descriptor => {
        const digest = digestOf(`${at}-${n}`);
        return { mediaType: MEDIA_TYPE.dockerManifest, digest, size: 2 };
      }),
    ),
  );
  const asked = reachable(documents.content, [documents.index(parts)], () => undefined);
  await expect(asked).rejects.toThrow('there are more than 10000 manifests');
  expect(documents.reads).toBeLessThanOrEqual(10_000);
});

test('a list of more referrers than are copied is refused before each is read', async () => {
  const documents = new Documents();
  const listed = Array.from({ length: 1001 }, () => documents.index([]));
  const lists = {
    referrers: () => Promise.resolve(listed),
    tagged: () => Promise.resolve(undefined),
  };
  const asked = attachedClosure({ content: documents.content, lists }, [digestOf('image')]);
  await expect(asked).rejects.toThrow('more than 1000 signatures and attestations');
  expect(documents.reads).toBe(0);
});
