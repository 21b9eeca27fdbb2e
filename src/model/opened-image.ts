import type { Digest } from './digest.ts';
import type { Descriptor, ImageConfig, Index, Manifest } from './oci.ts';
import type { FileRange } from './walk.ts';

/** Where an image was opened. `engine`: Docker's own store, by whichever way it gives images out. */
export type ImagePlace = 'registry' | 'engine' | 'layout' | 'archive' | 'store';

/** One platform of an opened image: its documents, verified by digest, and its layers, blob and diffID side by side, base first. */
export interface OpenedPlatform {
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  readonly layers: readonly { readonly blob: Descriptor; readonly diffId: Digest }[];
}

/** What hangs on a digest: a referrer, a cosign tag, a BuildKit attestation manifest, a notation signature. */
export interface Attachment {
  readonly kind:
    'referrer' | 'cosign-signature-tag' | 'cosign-attestation-tag' | 'buildkit-attestation';
  /** The index's or manifest's digest that it hangs on. */
  readonly subject: Digest;
  readonly descriptor: Descriptor;
  /** Verified by digest. */
  readonly manifest: Manifest;
}

/** What was found; `complete` is false where a place could not be asked, with the reason: absence then proves nothing. */
export type Attachments =
  | { readonly complete: true; readonly found: readonly Attachment[] }
  | { readonly complete: false; readonly found: readonly Attachment[]; readonly reason: string };

/** Content of one place by digest. */
export interface Content {
  readonly has: (digest: Digest) => Promise<boolean>;
  /** A manifest, index or config of at most 4 MiB, verified. Throws UserError where it is missing or another. */
  readonly readDocument: (descriptor: Descriptor) => Promise<Uint8Array>;
  /** A blob of `size` bytes from `start` on. What comes from outside is verified at its end, where it is read from the start. */
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

/** An image that can be read, wherever it lies. Every byte that comes out is checked against its digest by the one that reads it to its end. */
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
  /** What the index lists and this place does not hold: Docker pulls one platform of many. Not judged, so to be named. */
  readonly absent: readonly Descriptor[];
  /** What the index lists and is not a manifest as far as can be read: an engine may know better. Not judged, so to be named. */
  readonly unread: readonly Descriptor[];
  /** Other images that a layout or an archive lists under a name of this one: engines take the first or the last. */
  readonly namesakes?: readonly Descriptor[];
  /** A small document or attached blob, verified; throws UserError where it is missing, too large (16 MiB) or another. */
  readonly readBlob: (descriptor: Descriptor) => Promise<Uint8Array>;
  /** A layer's compressed bytes, in chunks of 256 KiB and more where the place allows. Not verified here: `walkLayer` does. */
  readonly openLayer: (descriptor: Descriptor) => Promise<AsyncIterable<Uint8Array>>;
  /** False where the place does not hold a layer. Where it cannot be asked, true: reading the layer tells. */
  readonly hasLayer: (descriptor: Descriptor) => Promise<boolean>;
  /** Where a layer's bytes lie in a file while the image is open, for who reads them by itself; absent, or undefined, where they do not. */
  readonly layerFile?: (descriptor: Descriptor) => Promise<FileRange | undefined>;
  /** Signatures and attestations of the root and its platforms. Asked once. */
  readonly attachments: () => Promise<Attachments>;
  /** Everything of the image and about it, to be copied by digest; absent where the place has made up its manifest. */
  readonly whole?: WholeImage;
  /** Why the place cannot hold signatures at all (Docker's classic store), where that is so. */
  readonly withoutAttachments?: string;
  readonly close: () => Promise<void>;
}
