/**
 * Fields of one stanza (`Name: value`, continued lines joined by line ends), names in lower case.
 * Of a field that comes twice the first counts.
 */
export function stanzaFields(stanza: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  let name = '';
  for (const line of stanza.split('\n')) {
    if (/^[ \t]/.test(line)) {
      if (name !== '') fields.set(name, `${fields.get(name) ?? ''}\n${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const found = line.slice(0, colon).toLowerCase();
    name = fields.has(found) ? '' : found;
    if (name !== '') fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}
