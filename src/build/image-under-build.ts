import type { Descriptor, ImageConfig, Manifest } from '../model/image.ts';
import type { Digest } from '../model/reference.ts';
import type { Statement } from '../model/statement.ts';

export interface BuiltPlatform {
  /** As BuildKit wrote it, before layers are rewritten. */
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  /** BuildKit's provenance statement; undefined where it was turned off. */
  readonly provenance: Statement | undefined;
}

/** A file that rewriting changed or reported, with its layer. */
interface TouchedFile {
  readonly layer: Digest;
  readonly path: string;
  readonly rule: string;
}

export interface FinalPlatform {
  readonly built: BuiltPlatform;
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  readonly baseLayers: number;
  readonly touched: readonly TouchedFile[];
  /** What only its author can make reproducible: keys, certificates, dates. */
  readonly reports: readonly TouchedFile[];
}

/** The image as it is published: an index over its platforms. */
export interface FinalImage {
  readonly index: Descriptor;
  readonly platforms: readonly FinalPlatform[];
}

/** When BuildKit ran, milliseconds since 1970. */
export interface BuildTimes {
  readonly startedAt: number;
  readonly finishedAt: number;
}
