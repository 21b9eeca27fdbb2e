import type { RawPackage } from '../layer-facts.ts';
import type { OwnedFile } from './ownership.ts';
import { isPlainText, type RecordReader, textOf, unreadable } from './record.ts';

interface Stanza {
  readonly found: RawPackage | undefined;
  readonly owned: readonly OwnedFile[];
}

/** `F:` names a folder, each `R:` behind it a file in it. */
function filesOf(lines: readonly string[], owner: string): readonly OwnedFile[] {
  let folder = '';
  return lines.flatMap((line): OwnedFile[] => {
    if (line.startsWith('F:')) folder = line.slice(2);
    else if (line.startsWith('R:')) return [{ owner, path: `${folder}/${line.slice(2)}` }];
    return [];
  });
}

function stanzaOf(text: string): Stanza | undefined {
  const lines = text.split('\n');
  const fields = new Map<string, string>();
  for (const line of lines)
    if (/^[A-Za-z]:/.test(line) && !fields.has(line.charAt(0)))
      fields.set(line.charAt(0), line.slice(2).trim());
  if (fields.size === 0) return undefined;
  const name = fields.get('P');
  const version = fields.get('V');
  if (!isPlainText(name) || !isPlainText(version)) return { found: undefined, owned: [] };
  const architecture = fields.get('A');
  const origin = fields.get('o');
  const license = fields.get('L');
  const found: RawPackage = {
    type: 'apk',
    name,
    version,
    licenses: isPlainText(license, 4096) ? [license] : [],
    ...(isPlainText(architecture) ? { architecture } : {}),
    ...(isPlainText(origin) ? { source: { name: origin, version } } : {}),
  };
  return { found, owned: filesOf(lines, name) };
}

/** apk's database of installed packages (apk-tools, "Installed Database V2"; version 3 of the tool writes it too). */
export const APK: RecordReader = {
  isDatabase: true,
  matches: (path) => path === 'lib/apk/db/installed' || path === 'usr/lib/apk/db/installed',
  cap: 64 * 1024 * 1024,
  read: (content) => {
    const text = textOf(content);
    if (text.startsWith('ADB'))
      return unreadable('it is in the binary format of apk 3, which is not read');
    const stanzas = text.split(/\n\n+/).flatMap((stanza) => stanzaOf(stanza) ?? []);
    const packages = stanzas.flatMap(({ found }) => found ?? []);
    const broken = stanzas.length - packages.length;
    return {
      packages,
      owned: stanzas.flatMap(({ owned }) => owned),
      ...(broken === 0 ? {} : { unreadable: `${broken} entries have no name or no version` }),
    };
  },
};
