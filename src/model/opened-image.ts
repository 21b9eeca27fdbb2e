import type { Digest } from './digest.ts';
import type { Descriptor, ImageConfig, Index, Manifest } from './oci.ts';
import type { FileRange } from './walk.ts';

/** Where an image was opened. `engine` is Docker's own store, however it exports images. */
export type ImagePlace = 'registry' | 'engine' | 'layout' | 'archive' | 'store';

/** One platform, its documents verified by digest; layers base first, each blob with its diffID. */
export interface OpenedPlatform {
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  readonly layers: readonly { readonly blob: Descriptor; readonly diffId: Digest }[];
}

/** A referrer, cosign tag, BuildKit attestation manifest or notation signature of a digest. */
export interface Attachment {
  readonly kind:
    'referrer' | 'cosign-signature-tag' | 'cosign-attestation-tag' | 'buildkit-attestation';
  /** The index's or manifest's digest that it hangs on. */
  readonly subject: Digest;
  readonly descriptor: Descriptor;
  /** Verified by digest. */
  readonly manifest: Manifest;
}

/** What was found. `complete` is false where a place could not be asked: absence proves nothing. */
export type Attachments =
  | { readonly complete: true; readonly found: readonly Attachment[] }
  | { readonly complete: false; readonly found: readonly Attachment[]; readonly reason: string };

/** Content of one place by digest. */
export interface Content {
  readonly has: (digest: Digest) => Promise<boolean>;
  /** A manifest, index or config up to 4 MiB, verified. Throws UserError if missing or wrong. */
  readonly readDocument: (descriptor: Descriptor) => Promise<Uint8Array>;
  /** A blob's `size` bytes from `start`. If `start` is 0, outside bytes are verified at the end. */
  readonly openRead: (
    digest: Digest,
    options: { readonly start?: number; readonly size: number },
  ) => AsyncIterable<Uint8Array>;
}

/** What a place keeps besides images. Each throws UserError where it cannot be asked. */
export interface AttachedLists {
  /** What may have `subject` as its subject. */
  readonly referrers: (subject: Digest) => Promise<readonly Descriptor[]>;
  /** The manifest under a tag, undefined where there is none. */
  readonly tagged: (tag: string) => Promise<Descriptor | undefined>;
}

/** What is copied of an image. */
export interface WholeImage {
  readonly content: Content;
  readonly lists: AttachedLists;
  /** Full names with a tag that the image has there. */
  readonly names: readonly string[];
}

/** An image in any place. Whoever reads bytes to their end checks them against their digest. */
export interface OpenedImage {
  /** What the user typed, cleaned. */
  readonly name: string;
  readonly place: ImagePlace;
  /** The index or manifest that the name leads to. */
  readonly root: Descriptor;
  /** The root's document where it is an index. */
  readonly index: Index | undefined;
  /** At least one; attestation manifests are none. */
  readonly platforms: readonly [OpenedPlatform, ...OpenedPlatform[]];
  /**
   * What the index lists and this place lacks, because Docker pulls one platform of many. Not
   * judged, so reports name it.
   */
  readonly absent: readonly Descriptor[];
  /**
   * What the index lists that is not a manifest as far as can be read. An engine may read more. Not
   * judged, so reports name it.
   */
  readonly unread: readonly Descriptor[];
  /** Other images listed under one of this image's names. Engines take the first or the last. */
  readonly namesakes?: readonly Descriptor[];
  /** A verified document or attached blob. Throws UserError if missing, over 16 MiB or wrong. */
  readonly readBlob: (descriptor: Descriptor) => Promise<Uint8Array>;
  /** A layer's compressed bytes, in chunks of 256 KiB or more if possible. `walkLayer` verifies. */
  readonly openLayer: (descriptor: Descriptor) => Promise<AsyncIterable<Uint8Array>>;
  /** False where the place lacks a layer. True where it cannot be asked: reading will show it. */
  readonly hasLayer: (descriptor: Descriptor) => Promise<boolean>;
  /** Where a layer's bytes are in a file while the image is open; undefined where in no file. */
  readonly layerFile?: (descriptor: Descriptor) => Promise<FileRange | undefined>;
  /** Signatures and attestations of the root and its platforms. Asked once. */
  readonly attachments: () => Promise<Attachments>;
  /** The image and all about it, to copy by digest; absent where the place made up its manifest. */
  readonly whole?: WholeImage;
  /** Why the place cannot hold signatures at all (Docker's classic store), where that is so. */
  readonly withoutAttachments?: string;
  /** Registry that was asked for the attachments of an image that another place has. */
  readonly attachedAt?: string;
  readonly close: () => Promise<void>;
}
