/**
 * The fields of one line of comma-separated values as Go's encoding/csv reads it, which buildx
 * parses option values with: a field in double quotes may hold commas, `""` inside stands for one.
 * Undefined where the quotes are wrong.
 */
export function csvFields(text: string): readonly string[] | undefined {
  const fields: string[] = [];
  let rest = text;
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"(?=,|$)/.exec(rest);
    const plain = quoted === null ? /^[^",]*(?=,|$)/.exec(rest) : null;
    const match = quoted ?? plain;
    if (match === null) return undefined;
    fields.push(quoted?.[1]?.replaceAll('""', '"') ?? match[0]);
    rest = rest.slice(match[0].length);
    if (rest === '') return fields;
    rest = rest.slice(1);
  }
}

/** `key=value` fields, keys in lower case, the last of a key wins; undefined if one has no `=`. */
export function csvAttributes(text: string): ReadonlyMap<string, string> | undefined {
  const fields = csvFields(text);
  if (fields === undefined) return undefined;
  const attributes = new Map<string, string>();
  for (const field of fields) {
    const equals = field.indexOf('=');
    if (equals < 0) return undefined;
    attributes.set(field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1));
  }
  return attributes;
}

/** A field as Go's encoding/csv reads it back. */
export function csvField(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
