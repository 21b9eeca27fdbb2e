import type { RawPackage } from './layer-facts.ts';

/** A file that records packages: which paths it is at, how much of it to read, and how. */
export interface PackageDatabase {
  readonly matches: (path: string) => boolean;
  readonly cap: number;
  /** Packages in the text; records that are malformed are passed over. */
  readonly parse: (text: string, path: string) => readonly RawPackage[];
}

/** Fields of one stanza (`Name: value`, continued lines joined by line ends), names in lower case. */
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
    name = line.slice(0, colon).toLowerCase();
    if (!fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}

/** True for a name or version that a report and a purl can carry: no control characters, of bounded length. */
export function isPlainText(text: unknown): text is string {
  return (
    typeof text === 'string' &&
    text !== '' &&
    text.length <= 512 &&
    !/[\u0000-\u001f\u007f-\u009f]/.test(text)
  );
}
