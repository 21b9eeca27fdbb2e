import type { Digest } from './digest.ts';

/** Where a package was found. `layer` is the digest of the layer blob that brought the database or manifest it is read from. */
export interface PackageLocation {
  readonly path: string;
  readonly layer: Digest;
}

/** One installed package, as a package database or a language's own record in the image states it. */
export interface Package {
  readonly type:
    | 'deb'
    | 'apk'
    | 'rpm'
    | 'npm'
    | 'pypi'
    | 'golang'
    | 'maven'
    | 'gem'
    | 'composer'
    | 'cargo'
    | 'nuget';
  readonly name: string;
  readonly version: string;
  /** Package URL (purl-spec). */
  readonly purl: string;
  /** As recorded by the package: SPDX ids or free text. Empty where none is recorded. */
  readonly licenses: readonly string[];
  readonly location: PackageLocation;
  readonly architecture?: string;
  /** The source package, where the database names one (Debian: name and version). */
  readonly source?: { readonly name: string; readonly version: string };
}

/** /etc/os-release of the image. */
export interface OsRelease {
  readonly id: string;
  readonly versionId?: string;
  readonly versionCodename?: string;
  readonly prettyName?: string;
}
