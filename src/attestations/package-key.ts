/** What makes two records of a package the same, however they spell it. */
export interface PackageName {
  /** purl type: `deb`, `npm`. */
  readonly type: string;
  /** Full name: with scope or group, without the distribution. */
  readonly name: string;
  readonly version: string;
}

const OS_TYPES = new Set(['deb', 'apk', 'rpm', 'alpm']);

/**
 * Type, name and version of a package URL (purl-spec), qualifiers and subpath left out; undefined where the text is no purl.
 * The namespace counts for languages (`@scope/name`, `group/artifact`), not for distributions, which scanners spell differently.
 */
export function readPurl(purl: string): PackageName | undefined {
  if (purl.length > 4096) return undefined;
  const match = /^pkg:\/{0,2}([A-Za-z][A-Za-z0-9.+-]*)\/([^?#]+)/.exec(purl);
  if (match === null) return undefined;
  const type = (match[1] ?? '').toLowerCase();
  const path = (match[2] ?? '').replace(/^\/+|\/+$/g, '');
  const at = path.lastIndexOf('@');
  const versioned = at > path.lastIndexOf('/') && at > 0;
  const segments = (versioned ? path.slice(0, at) : path).split('/').map(decoded);
  const name = OS_TYPES.has(type) ? segments.at(-1) : segments.join('/');
  if (name === undefined || name === '') return undefined;
  return { type, name, version: versioned ? decoded(path.slice(at + 1)) : '' };
}

/** A key that is equal for two spellings of one package; ecosystems' own rules on case and separators applied. */
export function packageKey({ type, name, version }: PackageName): string {
  return `${type}/${foldedName(type, name)}@${foldedVersion(type, version)}`;
}

/** The same without the type, for documents that name packages and give no purl. */
export function looseKey(name: string, version: string): string {
  return `${name.toLowerCase().replaceAll(':', '/')}@${version.replace(/^(?:\d+:|v(?=\d))/, '')}`;
}

function foldedName(type: string, name: string): string {
  if (type === 'pypi') return name.toLowerCase().replace(/[-_.]+/g, '-');
  return type === 'npm' || type === 'composer' || OS_TYPES.has(type) ? name.toLowerCase() : name;
}

// Scanners write a Debian or RPM epoch into the version or into a qualifier, a Go version with or without its v.
function foldedVersion(type: string, version: string): string {
  if (OS_TYPES.has(type)) return version.replace(/^\d+:/, '');
  return type === 'golang' ? version.replace(/^v(?=\d)/, '') : version;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
