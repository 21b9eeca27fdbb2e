import type { Descriptor, ImageConfig, Manifest } from '../model/image.ts';
import type { Digest } from '../model/reference.ts';
import type { Statement } from '../model/statement.ts';

export interface BuiltPlatform {
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  readonly provenance: Statement | undefined;
}

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

export interface FinalImage {
  readonly index: Descriptor;
  readonly platforms: readonly FinalPlatform[];
}

/** When BuildKit ran, milliseconds since 1970. */
export interface BuildTimes {
  readonly startedAt: number;
  readonly finishedAt: number;
}
