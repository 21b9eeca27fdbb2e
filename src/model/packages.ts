import { byCodeUnit } from '../lib/text.ts';
import type { Digest } from './reference.ts';

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

export type SystemType = 'deb' | 'apk' | 'rpm';

export function isSystemType(type: string): type is SystemType {
  return type === 'deb' || type === 'apk' || type === 'rpm';
}

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

export interface PurlParts {
  readonly type: string;
  /** Namespace and name, each segment as it is. */
  readonly path: readonly string[];
  /** '' for none. */
  readonly version: string;
  readonly qualifiers?: Readonly<Record<string, string | undefined>>;
}

/** Percent-encodes a part of a purl; `:` stays as it is (purl-spec, "Character encoding"). */
function encoded(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':');
}

/** A package URL (purl-spec); qualifiers without a value are left out, the others sorted. */
export function purlText({ type, path, version, qualifiers = {} }: PurlParts): string {
  // The type definition of oci writes a digest's colon encoded.
  const at = type === 'oci' ? encoded(version).replaceAll(':', '%3A') : encoded(version);
  const query = Object.entries(qualifiers)
    .filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '')
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([name, value]) => `${name}=${encoded(value).replaceAll('%2F', '/')}`)
    .join('&');
  return `pkg:${type}/${path.map(encoded).join('/')}${at === '' ? '' : `@${at}`}${query === '' ? '' : `?${query}`}`;
}

/** A package URL as it was read: each part decoded. */
export interface Purl {
  readonly type: string;
  readonly path: readonly string[];
  readonly version: string | undefined;
  readonly qualifiers: ReadonlyMap<string, string>;
}

/** Reads a package URL (purl-spec); undefined where the text is none. */
export function readPurl(text: string): Purl | undefined {
  const found = /^pkg:\/{0,2}([A-Za-z][A-Za-z0-9.+-]*)\/([^?#]+)(?:\?([^#]*))?/i.exec(text);
  if (found === null) return undefined;
  const [, type = '', whole = '', query = ''] = found;
  const path = whole.replace(/^\/+|(?<!\/)\/+$/g, '');
  // A scope is `%40` in the name, so that the last @ begins the version; some write it plainly, at
  // the start of a segment.
  const at = path.lastIndexOf('@');
  const isVersioned = at > path.lastIndexOf('/') + 1;
  const pairs = query.split('&').flatMap((pair): [string, string][] => {
    const equals = pair.indexOf('=');
    return equals < 1
      ? []
      : [[pair.slice(0, equals).toLowerCase(), decoded(pair.slice(equals + 1))]];
  });
  return {
    type: type.toLowerCase(),
    path: (isVersioned ? path.slice(0, at) : path).split('/').map(decoded),
    version: isVersioned ? decoded(path.slice(at + 1)) : undefined,
    qualifiers: new Map(pairs),
  };
}

/** A part of a URL without its escapes; as it stands where those are wrong. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
