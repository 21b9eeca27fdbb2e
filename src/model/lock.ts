import type { Fetches, Incomplete } from './build-analysis.ts';
import type { Descriptor } from './image.ts';
import type { Digest } from './reference.ts';
import type { ReproMode } from './settings.ts';

/** The lock file's usual name, beside the Dockerfile. */
export const LOCK_FILE_NAME = 'scoville.lock';

export const LOCK_SCHEMA_VERSION = 1;

/** In characters: some hundred thousand packages. */
export const LONGEST_LOCK = 8 * 1024 * 1024;

/** An outside image in the lock. */
export interface LockedImage {
  /** Of the index, or of the manifest without one. */
  readonly digest: Digest;
  /** Only in the engine's own store, where no policy can pin it (docs/decisions/0005). */
  readonly local: boolean;
  /** Digest of each platform's manifest, by `os/arch[/variant]`; empty if unknown. */
  readonly platforms: ReadonlyMap<string, Digest>;
}

/** The tools of the build. Not enforced: other tools build the same image. */
interface LockedBuilder {
  readonly docker?: string;
  readonly buildx?: string;
  readonly buildkit?: string;
  /** `dockerfile.v0`, or the image of `# syntax`. */
  readonly frontend?: string;
}

/** Packages by type (`deb`, `npm`), each `NAME VERSION`, sorted. */
export type LockedPackages = ReadonlyMap<string, readonly string[]>;

/** `scoville.lock`: what a build used from outside. See docs/lock.md. */
export interface LockFile {
  /** Name of the Dockerfile, without its folder. */
  readonly dockerfile?: string;
  /** `--target` of the build. */
  readonly target?: string;
  /** By full name as the build asks for it, `docker.io/library/node:22`. */
  readonly images: ReadonlyMap<string, LockedImage>;
  /** Seconds since 1970, and why. */
  readonly epoch?: { readonly seconds: number; readonly reason: string };
  /** When RUNs begin under `--repro=deterministic`, in seconds since 1970; else undefined. */
  readonly start?: number;
  readonly builder: LockedBuilder;
  /** The layer rules and their version. */
  readonly normaliser: string;
  /** Dates of frozen package mirrors in the Dockerfile: `snapshot.debian.org 20260301T000000Z`. */
  readonly snapshots: readonly string[];
  /** Files and repositories that ADD fetches, by address: `sha256:...`, for git `sha1:...`. */
  readonly remotes: ReadonlyMap<string, string>;
  /** Packages that the build's own layers installed, by platform. */
  readonly packages: ReadonlyMap<string, LockedPackages>;
  /** What RUNs fetched; undefined if never recorded. */
  readonly fetches?: Fetches;
  /** Where `fetches` may be incomplete; undefined if complete. */
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

/**
 * One difference of two locks, or of a lock and a build. No `before`: added; no `after`: removed.
 */
export interface LockChange {
  readonly subject: LockSubject;
  /** `docker.io/library/node:22`, `deb curl`; empty for single values. */
  readonly name: string;
  /** For packages. */
  readonly platform?: string;
  readonly before?: string;
  readonly after?: string;
  /** Known vulnerabilities of the version before that the one after lacks, worst first. */
  readonly fixes?: readonly string[];
}

/** The source of an image according to its provenance. */
export interface RecordedSource {
  /** As stated: an address of a git repository. */
  readonly url: string;
  /** Of the commit, as stated. */
  readonly revision: string;
  /** Folder of the context in the repository; empty for its root. */
  readonly context: string;
  /** The Dockerfile's path in the repository. */
  readonly dockerfile: string;
  /** BuildKit fetched it itself, without `.git`, which a local folder has. */
  readonly byBuildKit: boolean;
  /** The working tree had uncommitted changes. */
  readonly isDirty: boolean;
}

/** A secret or SSH agent of the build, by id; provenance never has its value. */
export interface RecordedMount {
  readonly id: string;
  readonly optional: boolean;
}

/** What a provenance says of a build, as far as a rebuild needs it. */
export interface RecordedBuild {
  /** What made the image from BuildKit's output: this program's normalizer, or nothing. */
  readonly builder: 'scoville' | 'buildkit';
  readonly source: RecordedSource | undefined;
  /** The frontend's attributes: `build-arg:NAME`, `label:NAME`, `target` and others. */
  readonly args: Readonly<Record<string, string>>;
  readonly secrets: readonly RecordedMount[];
  readonly ssh: readonly RecordedMount[];
  /** Names of folders sent besides `context` and `dockerfile`. */
  readonly otherLocals: readonly string[];
  readonly materials: readonly {
    readonly uri: string;
    readonly digest: Readonly<Record<string, string>>;
  }[];
  readonly dockerfileText: string | undefined;
  /** False if arguments were left out (mode=min). */
  readonly isComplete: boolean;
  /** `os/arch[/variant]` of the build machine. */
  readonly platform: string | undefined;
  /** Rules that normalized the layers; undefined for none. */
  readonly normaliser: { readonly id: string; readonly mode: ReproMode } | undefined;
  /** What `deterministic` gave to RUNs; undefined for nothing. */
  readonly steady: SteadyInputs | undefined;
  /** The artifact beside the image with what RUNs fetched; undefined if not named. */
  readonly inputs: Descriptor | undefined;
  /** Seconds since 1970; undefined if not recorded. */
  readonly epoch: number | undefined;
}

/** Inputs of each RUN that are equal in every build. */
export interface SteadyInputs {
  /** Seconds since 1970. */
  readonly start: number;
  /** `frozen`: the time does not move; `running`: each program starts at that time. */
  readonly clock: 'frozen' | 'running';
  readonly oneProcessor: boolean;
  /** Files that the build wrote have one time (`fileTimeOf`). */
  readonly oneFileTime: boolean;
  /** Folders are listed in the order of names. */
  readonly sortedFolders: boolean;
  /** A counter gives names instead of chance: temporary files, file system ids, processes. */
  readonly temporaryNames: boolean;
  /** Programs have equal memory addresses (x86-64), and equal bytes in new memory. */
  readonly sameAddresses: boolean;
  /** Seed of random numbers; undefined for real ones. */
  readonly seed: number | undefined;
}

/**
 * Seconds by which files of the build are older than now. With age 0, postfix reads a file again
 * for ever, until it is a second old, and Ansible never finds a file older than nothing.
 */
const FILE_AGE = 2;

/** The time of files that the build wrote, seconds since 1970; undefined for the real time. */
export function fileTimeOf({ start, oneFileTime }: SteadyInputs): number | undefined {
  return oneFileTime ? start - FILE_AGE : undefined;
}
