import type { Digest } from './digest.ts';
import type { Fetches, Incomplete } from './fetches.ts';

/** The lock file's usual name, beside the Dockerfile. */
export const LOCK_FILE_NAME = 'scoville.lock';

export const LOCK_SCHEMA_VERSION = 1;

/** In characters: some hundred thousand packages. */
export const LONGEST_LOCK = 8 * 1024 * 1024;

/** An image from outside, as the lock holds it. */
export interface LockedImage {
  /** Of the index, or of the manifest where there is no index. */
  readonly digest: Digest;
  /** In the engine's own store alone, where no policy can hold it (docs/decisions/0005). */
  readonly local: boolean;
  /** Of each platform's manifest, by `os/arch[/variant]`; empty where it is not known. */
  readonly platforms: ReadonlyMap<string, Digest>;
}

/** Tools that built what the lock describes. Not enforced: other tools build the same image. */
interface LockedBuilder {
  readonly docker?: string;
  readonly buildx?: string;
  readonly buildkit?: string;
  /** `dockerfile.v0`, or the image behind `# syntax`. */
  readonly frontend?: string;
}

/** Packages by type (`deb`, `npm`), each `NAME VERSION`, sorted. */
export type LockedPackages = ReadonlyMap<string, readonly string[]>;

/** `scoville.lock`: what a build took from outside. docs/lock.md describes it. */
export interface LockFile {
  /** Name of the Dockerfile, without its folder. */
  readonly dockerfile?: string;
  /** `--target` that it was written for. */
  readonly target?: string;
  /** By the full name that the build asks for, `docker.io/library/node:22`. */
  readonly images: ReadonlyMap<string, LockedImage>;
  /** Seconds since 1970, and what decided it. */
  readonly epoch?: { readonly seconds: number; readonly reason: string };
  /** When RUNs begin under `--repro=deterministic`, in seconds since 1970; else undefined. */
  readonly start?: number;
  readonly builder: LockedBuilder;
  /** The rules and their version. */
  readonly normaliser: string;
  /** Dates of frozen package mirrors in the Dockerfile: `snapshot.debian.org 20260301T000000Z`. */
  readonly snapshots: readonly string[];
  /** Files and repositories that ADD fetches, by address: `sha256:...`, for git `sha1:...`. */
  readonly remotes: ReadonlyMap<string, string>;
  /** What the build's own layers installed, by platform. */
  readonly packages: ReadonlyMap<string, LockedPackages>;
  /** What RUNs fetched; undefined where the build was never recorded. */
  readonly fetches?: Fetches;
  /** Where what RUNs fetched is not known to be all; undefined where it is. */
  readonly incomplete?: Incomplete;
}

export type LockSubject =
  | 'image'
  | 'epoch'
  | 'start'
  | 'normaliser'
  | 'snapshot'
  | 'remote'
  | 'package'
  | 'fetch'
  | 'target'
  | 'dockerfile'
  | 'platform';

/** One difference of two locks, or a lock and a build. No `before`: added; no `after`: removed. */
export interface LockChange {
  readonly subject: LockSubject;
  /** `docker.io/library/node:22`, `deb curl`; empty for what there is one of. */
  readonly name: string;
  /** For packages. */
  readonly platform?: string;
  readonly before?: string;
  readonly after?: string;
  /** Known vulnerabilities that the version before has and the one after does not, worst first. */
  readonly fixes?: readonly string[];
}
