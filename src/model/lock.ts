import type { Fetches, Incomplete } from './build-analysis.ts';
import type { Descriptor } from './image.ts';
import type { Digest } from './reference.ts';
import type { ReproMode } from './settings.ts';

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

/** Where a provenance says that the source of an image lies. */
export interface RecordedSource {
  /** As stated: an address of a git repository. */
  readonly url: string;
  /** Of the commit, as stated. */
  readonly revision: string;
  /** Folder of the context in the repository; empty for its root. */
  readonly context: string;
  /** The Dockerfile's path in the repository. */
  readonly dockerfile: string;
  /** BuildKit fetched it by itself: it leaves `.git` out, which a local folder has. */
  readonly byBuildKit: boolean;
  /** The working tree had changes that are in no commit. */
  readonly isDirty: boolean;
}

/** A secret or an agent of SSH that the build was given, by its id; values are in no provenance. */
export interface RecordedMount {
  readonly id: string;
  readonly optional: boolean;
}

/** What a provenance says of a build, as far as doing it again takes it. */
export interface RecordedBuild {
  /** Who made the image out of what BuildKit built: this program's normaliser, or nobody. */
  readonly builder: 'scoville' | 'buildkit';
  readonly source: RecordedSource | undefined;
  /** The frontend's attributes: `build-arg:NAME`, `label:NAME`, `target` and others. */
  readonly args: Readonly<Record<string, string>>;
  readonly secrets: readonly RecordedMount[];
  readonly ssh: readonly RecordedMount[];
  /** Names of the folders that were sent besides `context` and `dockerfile`. */
  readonly otherLocals: readonly string[];
  readonly materials: readonly {
    readonly uri: string;
    readonly digest: Readonly<Record<string, string>>;
  }[];
  readonly dockerfileText: string | undefined;
  /** False where arguments were left out (mode=min). */
  readonly isComplete: boolean;
  /** `os/arch[/variant]` that it was built on. */
  readonly platform: string | undefined;
  /** Rules that the layers were normalised by; undefined where they were not. */
  readonly normaliser: { readonly id: string; readonly mode: ReproMode } | undefined;
  /** What RUNs were given by `deterministic`; undefined where nothing. */
  readonly steady: SteadyInputs | undefined;
  /** The artifact beside the image that has what RUNs fetched; undefined where none is named. */
  readonly inputs: Descriptor | undefined;
  /** Seconds since 1970; undefined where none is recorded. */
  readonly epoch: number | undefined;
}

/** What each RUN of a build is given so that it has the same inputs another time. */
export interface SteadyInputs {
  /** Seconds since 1970. */
  readonly start: number;
  /** `frozen`: it is that time throughout; `running`: in each program the clock begins there. */
  readonly clock: 'frozen' | 'running';
  readonly oneProcessor: boolean;
  /** Files that the build wrote have one time (`fileTimeOf`), whenever it wrote them. */
  readonly oneFileTime: boolean;
  /** Folders are listed in the order of names. */
  readonly sortedFolders: boolean;
  /** Names come from a counter, not at random: temporary files, file system ids, processes. */
  readonly temporaryNames: boolean;
  /** Programs lie in the same places of memory (x86-64), and find the same in what is new of it. */
  readonly sameAddresses: boolean;
  /** Where random numbers begin; undefined where they are random. */
  readonly seed: number | undefined;
}

/**
 * Seconds by which what the build wrote is older than now. With no age, a program that reads a file
 * again until it has been left alone for a second waits forever (postfix), and what asks whether a
 * file is older than nothing hears no (Ansible).
 */
const FILE_AGE = 2;

/** The time of files that the build wrote, seconds since 1970; undefined if it is the true one. */
export function fileTimeOf({ start, oneFileTime }: SteadyInputs): number | undefined {
  return oneFileTime ? start - FILE_AGE : undefined;
}
