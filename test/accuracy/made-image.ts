import { gzipSync } from 'node:zlib';
import type {
  AttestationsFact,
  DeclarationsFact,
  ReproductionFact,
  SignatureFact,
  VulnerabilitiesFact,
} from '../../src/model/facts.ts';
import { type ImageConfig, type Manifest, MEDIA_TYPE } from '../../src/model/image.ts';
import { type Digest, digestOf } from '../../src/model/reference.ts';
import type { FoundAttestation } from '../../src/model/statement.ts';
import type { Item } from '../facts/support.ts';
import { entry, tarOf } from '../fakes/tar-bytes.ts';

/** A layer: its entries in order. */
export type Layer = readonly Item[];

/** The digests that statements about an image can be about. */
export interface Subjects {
  readonly manifest: Digest;
  readonly index: Digest;
}

/** A Dockerfile with what a build hands in. */
export interface GivenDockerfile {
  readonly text: string;
  readonly target?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** Small files of the build context, by path. */
  readonly files?: Readonly<Record<string, string>>;
}

/** All that is to be said of an image before its bytes are made. */
export interface Recipe {
  readonly layers: readonly Layer[];
  /** amd64 where it is not said. */
  readonly architecture?: string;
  readonly config?: ImageConfig['config'];
  /** RFC 3339; none where it is undefined. */
  readonly created?: string | undefined;
  readonly history?: ImageConfig['history'];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly indexAnnotations?: Readonly<Record<string, string>>;
  /** As `--file` gives it; undefined where there is none. */
  readonly dockerfile?: GivenDockerfile | undefined;
  readonly attestations?: (subjects: Subjects) => readonly FoundAttestation[];
  readonly signatures?: readonly SignatureFact[];
  /** Why the place of attestations could not be asked; undefined where it could. */
  readonly attestationsUnreachable?: string;
  /** Why a part of that place could not be asked. */
  readonly attestationsIncomplete?: string;
  readonly scan?: VulnerabilitiesFact | undefined;
  readonly reproduction?: ReproductionFact | undefined;
  readonly declared?: Partial<DeclarationsFact>;
}

export interface MadeLayer {
  readonly blob: Buffer;
  readonly mediaType: string;
  readonly digest: Digest;
  readonly diffId: Digest;
}

/** An image as bytes, with its documents. */
export interface MadeImage {
  readonly layers: readonly MadeLayer[];
  readonly config: ImageConfig;
  readonly configBytes: Buffer;
  readonly manifest: Manifest;
  readonly manifestBytes: Buffer;
  readonly manifestDigest: Digest;
  readonly indexBytes: Buffer;
  readonly indexDigest: Digest;
  readonly attestations: AttestationsFact;
}

/** A layer's archive; the parts of each entry that are not said are plain. */
export function layerBytes(layer: Layer): Buffer {
  return tarOf(
    layer.map(({ path, content, ...rest }) => {
      const bytes = content === undefined ? Buffer.alloc(0) : Buffer.from(content);
      return { entry: entry({ name: path, size: bytes.length, ...rest }), content: bytes };
    }),
  );
}

/** Every other layer is compressed, so that both forms are read. */
function madeLayer(layer: Layer, index: number): MadeLayer {
  const plain = layerBytes(layer);
  const gzipped = index % 2 === 0;
  const blob = gzipped ? gzipSync(plain) : plain;
  return {
    blob,
    mediaType: gzipped ? MEDIA_TYPE.layerGzip : MEDIA_TYPE.layer,
    digest: digestOf(blob),
    diffId: digestOf(plain),
  };
}

/** Makes the bytes: layers, config, manifest, and the index that lists it. */
export function makeImage(recipe: Recipe): MadeImage {
  const layers = recipe.layers.map(madeLayer);
  const platform = { os: 'linux', architecture: recipe.architecture ?? 'amd64' };
  const config: ImageConfig = {
    ...platform,
    ...(recipe.created === undefined ? {} : { created: recipe.created }),
    ...(recipe.config === undefined ? {} : { config: recipe.config }),
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    ...(recipe.history === undefined ? {} : { history: recipe.history }),
  };
  const configBytes = Buffer.from(JSON.stringify(config));
  const descriptor = (mediaType: string, bytes: Buffer) => ({
    mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
  });
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: descriptor(MEDIA_TYPE.config, configBytes),
    layers: layers.map(({ blob, mediaType }) => descriptor(mediaType, blob)),
    ...(recipe.annotations === undefined ? {} : { annotations: recipe.annotations }),
  };
  const manifestBytes = Buffer.from(JSON.stringify(manifest));
  const listed = { ...descriptor(MEDIA_TYPE.manifest, manifestBytes), platform };
  const index = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    manifests: [listed],
    ...(recipe.indexAnnotations === undefined ? {} : { annotations: recipe.indexAnnotations }),
  };
  const indexBytes = Buffer.from(JSON.stringify(index));
  const subjects = { manifest: digestOf(manifestBytes), index: digestOf(indexBytes) };
  return {
    layers,
    config,
    configBytes,
    manifest,
    manifestBytes,
    manifestDigest: subjects.manifest,
    indexBytes,
    indexDigest: subjects.index,
    attestations: {
      signatures: recipe.signatures ?? [],
      attestations: recipe.attestations?.(subjects) ?? [],
      ...(recipe.attestationsIncomplete === undefined
        ? {}
        : { incomplete: recipe.attestationsIncomplete }),
    },
  };
}
