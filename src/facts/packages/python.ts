import type { Supplier } from '../../model/packages.ts';
import { isPlainText, type RecordReader, textOf, unreadable } from './record.ts';
import { recordedSupplier, suppliedBy } from './recorded-supplier.ts';
import { stanzaFields } from './stanza.ts';

const METADATA =
  /(?:^|\/)[^/]+\.(?:dist-info\/METADATA|egg-info\/PKG-INFO|egg-info|egg\/EGG-INFO\/PKG-INFO)$/;
const CLASSIFIER = /^Classifier: License :: (?:OSI Approved :: )?(.+?)\r?$/gm;

/** The expression (PEP 639), else the short form of the free field, else the classifiers. */
function licensesOf(header: string, fields: ReadonlyMap<string, string>): readonly string[] {
  const stated = fields.get('license-expression') ?? fields.get('license');
  if (isPlainText(stated) && stated !== 'UNKNOWN' && stated.length < 100) return [stated];
  const found = [...header.matchAll(CLASSIFIER)].map((match) => match[1]);
  return found
    .filter((name) => isPlainText(name) && name !== 'OSI Approved')
    .slice(0, 10) as string[];
}

/** The author made it; a maintainer who is another gives it out (core metadata, `Maintainer`). */
function suppliersOf(fields: ReadonlyMap<string, string>): ReturnType<typeof suppliedBy> {
  const named = (field: string): Supplier | undefined => {
    const email = fields.get(`${field}-email`)?.split(',', 1)[0]?.trim();
    const name = fields.get(field)?.split(',', 1)[0]?.trim();
    return name === undefined || email?.includes('<') === true
      ? (recordedSupplier(email) ?? recordedSupplier(name))
      : recordedSupplier({ name, email });
  };
  const author = named('author');
  return suppliedBy(named('maintainer') ?? author, author);
}

/** Python packages by core metadata (PEP 566, PEP 639): the header of METADATA or PKG-INFO. */
export const PYTHON: RecordReader = {
  matches: (path) => (path.includes('-info') || path.endsWith('-INFO')) && METADATA.test(path),
  cap: 64 * 1024,
  head: true,
  read: (content) => {
    const header = textOf(content).split(/\r?\n\r?\n/, 1)[0] ?? '';
    const fields = stanzaFields(header);
    const name = fields.get('name');
    const version = fields.get('version');
    if (!isPlainText(name) || !isPlainText(version))
      return unreadable('it does not state a name and a version');
    const licenses = licensesOf(header, fields);
    return { packages: [{ type: 'pypi', name, version, licenses, ...suppliersOf(fields) }] };
  },
};
