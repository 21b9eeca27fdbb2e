/** How a registry wants to be shown who asks (RFC 7235, RFC 6750). */
export type Challenge =
  | { readonly scheme: 'basic' }
  | {
      readonly scheme: 'bearer';
      readonly realm: string;
      readonly service: string | undefined;
      readonly scope: string | undefined;
    };

/** A WWW-Authenticate header's challenge, Bearer before Basic; undefined where it names neither. */
export function parseChallenge(header: string | null): Challenge | undefined {
  if (header === null || header.length > 8192) return undefined;
  const bearer = schemeParameters(header, 'bearer');
  const realm = bearer?.get('realm');
  if (bearer !== undefined && realm !== undefined)
    return { scheme: 'bearer', realm, service: bearer.get('service'), scope: bearer.get('scope') };
  return schemeParameters(header, 'basic') === undefined ? undefined : { scheme: 'basic' };
}

/** A word that no `=` follows is a scheme; what comes up to the next one are its parameters. */
function schemeParameters(header: string, scheme: string): ReadonlyMap<string, string> | undefined {
  let inside = false;
  let found: Map<string, string> | undefined;
  for (const token of header.matchAll(
    /([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/g,
  )) {
    const [, name = '', quoted, plain] = token;
    if (quoted === undefined && plain === undefined) {
      inside = found === undefined && name.toLowerCase() === scheme;
      if (inside) found = new Map();
    } else if (inside && found?.has(name.toLowerCase()) === false)
      found.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '');
  }
  return found;
}
