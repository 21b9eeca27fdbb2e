import { byCodeUnit } from './order.ts';
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
