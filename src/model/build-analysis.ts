import type { SourceRange } from './dockerfile.ts';

/** A package that an install command names; `pin` is the exact version, digest or commit. */
export interface InstalledName {
  readonly name: string;
  readonly pin?: string;
}

export type PackageManager =
  | 'apt'
  | 'apk'
  | 'dnf'
  | 'zypper'
  | 'pacman'
  | 'pip'
  | 'uv'
  | 'poetry'
  | 'pipenv'
  | 'conda'
  | 'npm'
  | 'yarn'
  | 'pnpm'
  | 'bun'
  | 'gem'
  | 'bundle'
  | 'go'
  | 'cargo'
  | 'composer'
  /** One that is met more rarely: pecl, cpanm, luarocks, opkg, R and the like. */
  | 'other';

/** One command of a Dockerfile that installs packages. */
export interface PackageInstall {
  readonly manager: PackageManager;
  /** What it names; empty where a lock file or a requirements file drives it. */
  readonly packages: readonly InstalledName[];
  /** The command takes every version from a lock file, strictly (`npm ci`, `--frozen-lockfile`). */
  readonly lockFile: boolean;
  /** An entry of the lock file without a sum or commit, with the address where it comes from. */
  readonly looseLock?: { readonly reason: string; readonly address?: string };
  /** The repository it reads from is frozen at a date or commit (snapshot.debian.org and kin). */
  readonly frozenRepository: boolean;
  /** A requirements file that drives it and is not in the Dockerfile (`-r requirements.txt`). */
  readonly requirementsFile?: string;
  /** Index of the stage. */
  readonly stage: number;
  readonly range: SourceRange;
  /** The command as written, on one line. */
  readonly command: string;
  /** A word that decides what is installed is not constant. */
  readonly unresolved: boolean;
}

export type DownloadKind =
  'curl' | 'wget' | 'add' | 'git' | 'pip-url' | 'npm-url' | 'go-url' | 'package-url' | 'other';

/** What verifies a download before it is used. */
export interface DownloadCheck {
  /** `sha256sum -c`, `gpg --verify`, `ADD --checksum`, `commit`. */
  readonly method: string;
  readonly range: SourceRange;
  /** Why the check says little, if so: the checksum comes from the same origin as the file. */
  readonly weak?: string;
}

/** One download that a build does. */
export interface Download {
  readonly kind: DownloadKind;
  /** Undefined where the address is not constant. */
  readonly url: string | undefined;
  /** File or directory it is written to, where that is known. */
  readonly target?: string;
  /** Its output goes straight into an interpreter. */
  readonly pipedToShell: boolean;
  readonly verifiedBy?: DownloadCheck;
  /** A check that is there but cannot stop the build (`|| true`, `;` without `set -e`). */
  readonly ineffectiveCheck?: DownloadCheck & { readonly reason: string };
  /** Why nobody can tell from here whether something verifies it. */
  readonly open?: string;
  /** Index of the stage. */
  readonly stage: number;
  readonly range: SourceRange;
  /** The command as written, on one line. */
  readonly command: string;
}

/** A line, or a command in it, that may install and download what is not seen. */
export interface UnreadLine {
  readonly range: SourceRange;
  readonly reason: string;
  /** The program that was not read, where the line itself was. */
  readonly program?: string;
  /** The command as written, on one line. */
  readonly command?: string;
  /** What would decide it. */
  readonly settle?: string;
  /** It runs source from verified downloads only: nobody read its steps, but they cannot change. */
  readonly held?: true;
}

/** What a build ran and fetched, as its engine recorded it. */
export interface RecordedSteps {
  /** The words of each command, its shell first. */
  readonly commands: readonly (readonly string[])[];
  /** Something was fetched instead of a FROM, where BuildKit has a base image's ONBUILD steps. */
  readonly fetchesInFrom: boolean;
}

/** What the stages that the target reaches install and download, read from the Dockerfile. */
export interface BuildAnalysis {
  readonly installs: readonly PackageInstall[];
  readonly downloads: readonly Download[];
  /** Lines with unknown installs and downloads: shell that does not parse, programs nobody read. */
  readonly unread: readonly UnreadLine[];
  /** Why not all steps of the build are known, where that is so. */
  readonly partial?: string;
}
