import type { RawPackage } from './layer-facts.ts';
import { isPlainText, type PackageDatabase } from './package-database.ts';

function packageOf(stanza: string): RawPackage | undefined {
  const fields = new Map<string, string>();
  for (const line of stanza.split('\n'))
    if (/^[A-Za-z]:/.test(line) && !fields.has(line.charAt(0)))
      fields.set(line.charAt(0), line.slice(2).trim());
  const name = fields.get('P');
  const version = fields.get('V');
  if (!isPlainText(name) || !isPlainText(version)) return undefined;
  const architecture = fields.get('A');
  const origin = fields.get('o');
  const license = fields.get('L');
  return {
    type: 'apk',
    name,
    version,
    licenses: isPlainText(license) ? [license] : [],
    ...(isPlainText(architecture) ? { architecture } : {}),
    ...(isPlainText(origin) ? { source: { name: origin, version } } : {}),
  };
}

/** apk's database of installed packages (apk-tools, "Installed Database V2"). */
export const APK: PackageDatabase = {
  matches: (path) => path === 'lib/apk/db/installed' || path === 'usr/lib/apk/db/installed',
  cap: 64 * 1024 * 1024,
  parse: (text) => text.split(/\n\n+/).flatMap((stanza) => packageOf(stanza) ?? []),
};
