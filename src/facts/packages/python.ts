import { isPlainText, type RecordReader, textOf, unreadable } from './record.ts';
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

/** Python packages by their core metadata (PEP 566, PEP 639): the header of METADATA or PKG-INFO. */
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
    return { packages: [{ type: 'pypi', name, version, licenses: licensesOf(header, fields) }] };
  },
};
