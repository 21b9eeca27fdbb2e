import { byCodeUnit } from '../lib/text.ts';
import type { Digest } from './reference.ts';

/** `layer`: digest of the blob that added the database or manifest. */
export interface PackageLocation {
  readonly path: string;
  readonly layer: Digest;
  /** Path within nested archives: `BOOT-INF/lib/a.jar`, `a.jar!/b.jar`. */
  readonly inside?: string;
}

/** A person or an organization, as a package's record names them. */
export interface Supplier {
  readonly kind: 'person' | 'organization';
  readonly name: string;
  readonly email?: string;
}

export type SystemType = 'deb' | 'apk' | 'rpm' | 'nix';

export function isSystemType(type: string): type is SystemType {
  return type === 'deb' || type === 'apk' || type === 'rpm' || type === 'nix';
}

export type LanguageType =
  'npm' | 'pypi' | 'golang' | 'maven' | 'gem' | 'composer' | 'cargo' | 'nuget';

/** An installed package, from a package database or a language's record in the image. */
export interface Package {
  readonly type: SystemType | LanguageType;
  readonly name: string;
  readonly version: string;
  /** Package URL (purl-spec). */
  readonly purl: string;
  /** As recorded by the package: SPDX ids or free text. May be empty. */
  readonly licenses: readonly string[];
  readonly location: PackageLocation;
  readonly architecture?: string;
  /** The source package, if the database names one (Debian: name and version). */
  readonly source?: { readonly name: string; readonly version: string };
  /** Its maintainer in a distribution, its vendor, else its author. */
  readonly supplier?: Supplier;
  /** Its author, where the record distinguishes author and supplier. */
  readonly originator?: Supplier;
  /** Why it counts although the final filesystem does not record this version. */
  readonly unrecorded?: string;
  /** An RPM's module stream, from its header. */
  readonly modularity?: string;
}

/** A file of the image that equals, byte for byte, what the build fetched from an address. */
export interface DownloadedFile {
  readonly path: string;
  readonly layer: Digest;
  readonly digest: Digest;
  /** As the build asked for it, secrets masked. */
  readonly address: string;
  /** From the address; the version only if it is plain there. */
  readonly name: string;
  readonly version?: string;
  readonly purl: string;
}

/** A file that may record packages and was not read whole: the package list may lack them. */
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
  readonly version: string;
  readonly qualifiers?: Readonly<Record<string, string | undefined>>;
}

/** Percent-encodes a part of a purl; `:` stays as it is (purl-spec, "Character encoding"). */
function encoded(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':');
}

/** A package URL (purl-spec); qualifiers are sorted, those without a value left out. */
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

/** Reads a package URL (purl-spec); undefined for an invalid one. */
export function readPurl(text: string): Purl | undefined {
  const found = /^pkg:\/{0,2}([A-Za-z][A-Za-z0-9.+-]*)\/([^?#]+)(?:\?([^#]*))?/i.exec(text);
  if (found === null) return undefined;
  const [, type = '', whole = '', query = ''] = found;
  const path = whole.replace(/^\/+|(?<!\/)\/+$/g, '');
  // A scope is `%40` in the name, so the last @ starts the version. Some write it plainly, at the
  // start of a segment.
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

/** Decodes a part of a URL; an invalid one stays as it is. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
