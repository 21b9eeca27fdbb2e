import { posix } from 'node:path';
import type { Supplier } from '../../model/packages.ts';
import { parentPath } from '../../model/path.ts';
import { isPlainText, linesOf, type RecordReader, textOf, unreadable } from './record.ts';
import { recordedSupplier, suppliedBy } from './recorded-supplier.ts';
import { stanzaFields } from './stanza.ts';

const METADATA =
  /(?:^|\/)[^/]+\.(?:dist-info\/METADATA|egg-info\/PKG-INFO|egg-info|egg\/EGG-INFO\/PKG-INFO)$/;
const CLASSIFIER = /^Classifier: License :: (?:OSI Approved :: )?(.+?)\r?$/gm;

/** The expression (PEP 639), else the short form of the free field, else the classifiers. */
function pythonLicenses(header: string, fields: ReadonlyMap<string, string>): readonly string[] {
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
    const licenses = pythonLicenses(header, fields);
    return { packages: [{ type: 'pypi', name, version, licenses, ...suppliersOf(fields) }] };
  },
};

const LIST =
  /(?:^|\/)(?:([^/]+)\.dist-info\/RECORD|[^/]+\.egg-info\/(?:installed-files|SOURCES)\.txt)$/;

/** Files of a Python package, beside its metadata: RECORD (PEP 376), or setuptools' own lists. */
export const PYTHON_FILES: RecordReader = {
  matches: (path) => path.includes('-info/') && LIST.test(path),
  cap: 4 * 1024 * 1024,
  head: true,
  read: (content, path) => {
    const folder = parentPath(path);
    const isRecord = path.endsWith('/RECORD');
    const from = path.endsWith('/installed-files.txt') ? folder : parentPath(folder);
    const paths = function* (): Generator<string> {
      for (const line of linesOf(textOf(content))) {
        const name = isRecord ? /^"?([^",]+)/.exec(line)?.[1] : line.trim();
        if (name !== undefined && name !== '') yield posix.join(from, name);
      }
    };
    const record = `${folder}/${isRecord ? 'METADATA' : 'PKG-INFO'}`;
    return { packages: [], files: { record, paths: paths() } };
  },
};
