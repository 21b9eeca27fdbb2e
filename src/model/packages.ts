import type { Digest } from './digest.ts';

/** Where a package was found. `layer`: digest of the blob that brought the database or manifest. */
export interface PackageLocation {
  readonly path: string;
  readonly layer: Digest;
  /** Path in the file of an archive inside an archive: `BOOT-INF/lib/a.jar`, `a.jar!/b.jar`. */
  readonly inside?: string;
}

/** A person or an organization, as a package's record names them. */
export interface Supplier {
  readonly kind: 'person' | 'organization';
  readonly name: string;
  readonly email?: string;
}

/** Packages of a distribution, by their types of package URLs. */
export type SystemType = 'deb' | 'apk' | 'rpm';

export function isSystemType(type: string): type is SystemType {
  return type === 'deb' || type === 'apk' || type === 'rpm';
}

/** Packages of a language, by their types of package URLs. */
export type LanguageType =
  'npm' | 'pypi' | 'golang' | 'maven' | 'gem' | 'composer' | 'cargo' | 'nuget';

/** An installed package, as a package database or a language's record in the image states it. */
export interface Package {
  readonly type: SystemType | LanguageType;
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
  /** Who gives it out: its maintainer in a distribution, its vendor, else its author. */
  readonly supplier?: Supplier;
  /** Who made it, where the record tells that from who gives it out. */
  readonly originator?: Supplier;
  /** Why it counts although the final filesystem does not record it in this version. */
  readonly unrecorded?: string;
  /** Module stream that an RPM was built for, as its header states it. */
  readonly modularity?: string;
}

/** A file of the image that is, byte for byte, what the build fetched from an address. */
export interface DownloadedFile {
  readonly path: string;
  readonly layer: Digest;
  readonly digest: Digest;
  /** Where the build asked for it, secrets masked. */
  readonly address: string;
  /** By the address; no version where that does not say it plainly. */
  readonly name: string;
  readonly version?: string;
  readonly purl: string;
}

/** A file that may record packages and was not read whole: the catalogue may lack its contents. */
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
