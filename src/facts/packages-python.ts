import { isPlainText, type PackageDatabase, stanzaFields } from './package-database.ts';

const METADATA = /(?:^|\/)[^/]+\.(?:dist-info\/METADATA|egg-info\/PKG-INFO|egg-info)$/;

/** Python packages by their core metadata (PEP 566, PEP 639): the header of METADATA or PKG-INFO. */
export const PYTHON: PackageDatabase = {
  matches: (path) => path.includes('-info') && METADATA.test(path),
  cap: 64 * 1024,
  parse: (text) => {
    const fields = stanzaFields(text.split(/\r?\n\r?\n/, 1)[0] ?? '');
    const name = fields.get('name');
    const version = fields.get('version');
    if (!isPlainText(name) || !isPlainText(version)) return [];
    const license = fields.get('license-expression') ?? fields.get('license');
    const stated = isPlainText(license) && license !== 'UNKNOWN' && license.length < 100;
    return [{ type: 'pypi', name, version, licenses: stated ? [license] : [] }];
  },
};
