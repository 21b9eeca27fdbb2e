import { UserError } from '../../src/lib/errors.ts';
import {
  type Annotations,
  type Attachment,
  type Descriptor,
  type ImageConfig,
  type Manifest,
  MEDIA_TYPE,
  type OpenedImage,
  type OpenedPlatform,
} from '../../src/model/image.ts';
import { type Digest, digestOf } from '../../src/model/reference.ts';

/** A blob to attach, as the layer of a manifest of its own. */
export interface BlobToAttach {
  readonly kind: Attachment['kind'];
  readonly subject: Descriptor;
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly annotations?: Annotations;
}

/**
 * An opened image in memory: a platform a config, under one index, with what is attached to them.
 */
export class MemoryImage {
  readonly #blobs = new Map<Digest, Uint8Array>();
  readonly #attached: Attachment[] = [];
  readonly #platforms: OpenedPlatform[] = [];
  #indexed: Descriptor | undefined;
  incomplete: string | undefined;

  /** Adds a platform and gives its manifest's descriptor. */
  platform(config: Partial<ImageConfig> = {}): Descriptor {
    const whole: ImageConfig = {
      architecture: ['amd64', 'arm64', 'riscv64'][this.#platforms.length] ?? 's390x',
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [] },
      ...config,
    };
    const manifest: Manifest = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      config: this.#write(MEDIA_TYPE.config, whole),
      layers: [],
    };
    const descriptor = this.#write(MEDIA_TYPE.manifest, manifest);
    this.#platforms.push({ descriptor, manifest, config: whole, layers: [] });
    return descriptor;
  }

  /** Lists the platforms so far in an index, which becomes the root. */
  index(): Descriptor {
    const manifests = this.#platforms.map(({ descriptor }) => descriptor);
    this.#indexed = this.#write(MEDIA_TYPE.index, {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.index,
      manifests,
    });
    return this.#indexed;
  }

  attach({ kind, subject, bytes, mediaType, artifactType, annotations }: BlobToAttach): Digest {
    const blob = { ...this.#store(mediaType, bytes), ...(annotations ? { annotations } : {}) };
    const manifest: Manifest = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      ...(artifactType === undefined ? {} : { artifactType }),
      config: this.#write(MEDIA_TYPE.empty, {}),
      layers: [blob],
      ...(kind === 'referrer' ? { subject } : {}),
    };
    const descriptor = this.#write(MEDIA_TYPE.manifest, manifest);
    this.#attached.push({ kind, subject: subject.digest, descriptor, manifest });
    return blob.digest;
  }

  bytesOf({ digest }: Descriptor): Uint8Array {
    const bytes = this.#blobs.get(digest);
    if (bytes === undefined) throw new UserError(`blob ${digest} is missing`);
    return bytes;
  }

  /** Loses a blob, as a registry may. */
  lose(digest: Digest): void {
    this.#blobs.delete(digest);
  }

  opened(name = 'registry.example/app:1'): OpenedImage {
    const [first, ...rest] = this.#platforms;
    if (first === undefined) throw new Error('an image needs a platform');
    const found = this.#attached;
    const reason = this.incomplete;
    return {
      name,
      place: 'registry',
      root: this.#indexed ?? first.descriptor,
      index: undefined,
      platforms: [first, ...rest],
      absent: [],
      unread: [],
      readBlob: (descriptor) =>
        new Promise((done) => {
          done(this.bytesOf(descriptor));
        }),
      openLayer: () => Promise.reject(new Error('no layer is read here')),
      hasLayer: () => Promise.resolve(true),
      attachments: () =>
        Promise.resolve(
          reason === undefined ? { complete: true, found } : { complete: false, found, reason },
        ),
      close: () => Promise.resolve(),
    };
  }

  #write(mediaType: string, value: unknown): Descriptor {
    return this.#store(mediaType, Buffer.from(JSON.stringify(value)));
  }

  #store(mediaType: string, bytes: Uint8Array): Descriptor {
    const digest = digestOf(bytes);
    this.#blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  }
}
