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
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${encoded(value).replaceAll('%2F', '/')}`)
    .join('&');
  return `pkg:${type}/${path.map(encoded).join('/')}${at === '' ? '' : `@${at}`}${query === '' ? '' : `?${query}`}`;
}
