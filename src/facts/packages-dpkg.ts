import type { RawPackage } from './layer-facts.ts';
import { isPlainText, type PackageDatabase, stanzaFields } from './package-database.ts';

const STATUS = /^var\/lib\/dpkg\/(?:status|status\.d\/[^/]+)$/;

/** `Source: name (version)`; the version is the package's own where none is given (deb-src-control(5)). */
function sourceOf(field: string | undefined, name: string, version: string): RawPackage['source'] {
  const found = /^(\S+)(?:\s+\((\S+)\))?$/.exec(field ?? name);
  return found === null ? undefined : { name: found[1] ?? name, version: found[2] ?? version };
}

function installed(stanza: string, statusNeeded: boolean): RawPackage | undefined {
  const fields = stanzaFields(stanza);
  const name = fields.get('package');
  const version = fields.get('version');
  const status = fields.get('status');
  // Removed packages stay in the database as `deinstall ok config-files`.
  if (statusNeeded && !/^\S+ \S+ installed$/.test(status ?? '')) return undefined;
  if (!isPlainText(name) || !isPlainText(version)) return undefined;
  const architecture = fields.get('architecture');
  const source = sourceOf(fields.get('source'), name, version);
  return {
    type: 'deb',
    name,
    version,
    licenses: [],
    ...(isPlainText(architecture) ? { architecture } : {}),
    ...(source === undefined ? {} : { source }),
  };
}

/** dpkg's database, and the single records that distroless images keep in `status.d`. */
export const DPKG: PackageDatabase = {
  matches: (path) => STATUS.test(path) && !/\.(?:md5sums|list)$/.test(path),
  cap: 64 * 1024 * 1024,
  parse: (text, path) =>
    text
      .split(/\n[ \t\r]*\n/)
      .flatMap((stanza) => installed(stanza, !path.includes('/status.d/')) ?? []),
};
