import type { Digest } from './digest.ts';

/** Where a package was found. `layer` is the digest of the layer blob that brought the database or manifest it is read from. */
export interface PackageLocation {
  readonly path: string;
  readonly layer: Digest;
  /** Where in the file, for one of the archives that lie in an archive: `BOOT-INF/lib/a.jar`, `a.jar!/b.jar`. */
  readonly inside?: string;
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
  /** Module stream that an RPM was built for, as its header states it. */
  readonly modularity?: string;
}

/** A file that records packages, or may, and could not be read in whole: the catalogue may lack what it says. */
export interface UnreadablePackages {
  readonly location: PackageLocation;
  readonly reason: string;
}

/** /etc/os-release of the image. */
export interface OsRelease {
  readonly id: string;
  readonly versionId?: string;
  readonly versionCodename?: string;
  readonly prettyName?: string;
}
