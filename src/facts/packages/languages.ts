import { posix } from 'node:path';
import { field, isObject, parseJson } from '../../lib/json.ts';
import { parentPath } from '../../lib/text.ts';
import type { Supplier } from '../../model/packages.ts';
import type { RawPackage } from '../layer-facts.ts';
import {
  isPlainText,
  linesOf,
  NOTHING,
  recordedPackage,
  recordedSupplier,
  recordOf,
  type RecordReader,
  singleRecord,
  stanzaFields,
  textOf,
  unreadable,
} from './record.ts';

/** The manifest at an installed package's root: the folder below `node_modules` or its scope. */
const PACKAGE_ROOT = /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@.][^/]*\/package\.json$/;

/** `license` as npm documents it, and the older `licenses` list. */
function licensesOf(manifest: Readonly<Record<string, unknown>>): readonly string[] {
  const stated = manifest['license'] ?? manifest['licenses'];
  const list: readonly unknown[] = Array.isArray(stated) ? stated : [stated];
  return list.flatMap((item) => {
    if (isPlainText(item)) return [item];
    return isObject(item) && isPlainText(item['type']) ? [item['type']] : [];
  });
}

/** `author` as npm documents it, else the first of `maintainers`. */
function authorOf({
  author,
  maintainers,
}: Readonly<Record<string, unknown>>): Supplier | undefined {
  const [first] = Array.isArray(maintainers) ? (maintainers as readonly unknown[]) : [maintainers];
  return recordedSupplier(author) ?? recordedSupplier(first);
}

/**
 * Packages that npm, yarn or pnpm put into a `node_modules`. A manifest without a name or a version
 * is not a package.
 */
export const NPM: RecordReader = {
  matches: (path) => path.endsWith('/package.json') && PACKAGE_ROOT.test(path),
  cap: 1024 * 1024,
  read: (content) => {
    const manifest = parseJson(textOf(content));
    if (!isObject(manifest)) return unreadable('it is not a JSON object');
    const { name, version } = manifest;
    const more = { licenses: licensesOf(manifest), author: authorOf(manifest) };
    const found = recordedPackage('npm', name, version, more);
    return found === undefined ? NOTHING : singleRecord(found);
  },
};

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
function suppliersOf(
  fields: ReadonlyMap<string, string>,
): Readonly<Record<'supplier' | 'originator', Supplier | undefined>> {
  const named = (field: string): Supplier | undefined => {
    const email = fields.get(`${field}-email`)?.split(',', 1)[0]?.trim();
    const name = fields.get(field)?.split(',', 1)[0]?.trim();
    return name === undefined || email?.includes('<') === true
      ? (recordedSupplier(email) ?? recordedSupplier(name))
      : recordedSupplier({ name, email });
  };
  const author = named('author');
  return { supplier: named('maintainer') ?? author, originator: author };
}

/** Python packages by core metadata (PEP 566, PEP 639): the header of METADATA or PKG-INFO. */
export const PYTHON: RecordReader = {
  matches: (path) => (path.includes('-info') || path.endsWith('-INFO')) && METADATA.test(path),
  cap: 64 * 1024,
  head: true,
  read: (content) => {
    const header = textOf(content).split(/\r?\n\r?\n/, 1)[0] ?? '';
    const fields = stanzaFields(header);
    const licenses = pythonLicenses(header, fields);
    const more = { licenses, ...suppliersOf(fields) };
    return singleRecord(recordedPackage('pypi', fields.get('name'), fields.get('version'), more));
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

const SPECIFICATION = /(?:^|\/)specifications\/(?:default\/)?([^/]+)\.gemspec$/;
/** What RubyGems writes at the top of each installed specification, to avoid evaluating it. */
const STUB = /^# stub: (\S+) (\S+) (\S+) /m;
const NAME = /^[ \t]*\w{1,40}\.name[ \t]*=[ \t]*(["'])([^"'\n]{1,200})\1/m;
const VERSION =
  /^[ \t]*\w{1,40}\.version[ \t]*=[ \t]*(?:Gem::Version\.new[( ][ \t]*)?(["'])([^"'\n#]{1,100})\1/m;
const LICENSES = /^[ \t]*\w{1,40}\.licenses?[ \t]*=[ \t]*([^\n]{1,500})/m;
/** The first of a list, or the one that is named. */
const AUTHORS = /^[ \t]*\w{1,40}\.authors?[ \t]*=[ \t]*(?:\[[ \t]*)?(["'])([^"'\n]{1,200})\1/m;
const FILE_NAME = /^(.+?)-(\d[^-]*)(?:-(.+))?$/s;

/** Ruby gems by installed specification. This is a program: its text is read, nothing is run. */
export const GEM: RecordReader = {
  matches: (path) => path.endsWith('.gemspec') && SPECIFICATION.test(path),
  cap: 256 * 1024,
  read: (content, path) => {
    const text = textOf(content);
    const stub = STUB.exec(text);
    const file = FILE_NAME.exec(SPECIFICATION.exec(path)?.[1] ?? '');
    const name = stub?.[1] ?? NAME.exec(text)?.[2] ?? file?.[1];
    const version = stub?.[2] ?? VERSION.exec(text)?.[2] ?? file?.[2];
    const stated = LICENSES.exec(text)?.[1] ?? '';
    const platform = stub?.[3] ?? file?.[3];
    return singleRecord(
      recordedPackage('gem', name, version, {
        licenses: [...stated.matchAll(/(["'])([^"']+)\1/g)].map(([, , id]) => id),
        architecture: platform === 'ruby' ? undefined : platform,
        author: recordedSupplier(AUTHORS.exec(text)?.[2]),
      }),
    );
  },
};

const INSTALLED = /(?:^|\/)composer\/installed\.json$/;

function packageOf(item: unknown): RawPackage | undefined {
  if (!isObject(item)) return undefined;
  const { name, version, license, authors } = item;
  const licenses: readonly unknown[] = Array.isArray(license) ? license : [license];
  const [author] = Array.isArray(authors) ? (authors as readonly unknown[]) : [];
  return recordedPackage('composer', name, version, {
    licenses,
    author: recordedSupplier(author),
  });
}

/** PHP packages that composer installed: a list (version 1), or one in `packages` (version 2). */
export const COMPOSER: RecordReader = {
  matches: (path) => path.endsWith('/installed.json') && INSTALLED.test(path),
  cap: 32 * 1024 * 1024,
  read: (content) => {
    const document = parseJson(textOf(content));
    if (document === undefined) return unreadable('it is not JSON');
    const list: unknown =
      isObject(document) && 'packages' in document ? document['packages'] : document;
    if (!Array.isArray(list)) return unreadable('it does not contain a list of packages');
    return recordOf(list.map(packageOf));
  },
};

/** The prefix under which a self-contained application lists the framework that it contains. */
const RUNTIME_PACK = /^runtimepack\./;

function nugetPackage(key: string, library: unknown): RawPackage | undefined {
  if (!isObject(library)) return undefined;
  const type = typeof library['type'] === 'string' ? library['type'].toLowerCase() : '';
  if (type !== 'package' && type !== 'runtimepack') return undefined;
  const slash = key.lastIndexOf('/');
  const name = key.slice(0, Math.max(0, slash)).replace(RUNTIME_PACK, '');
  return recordedPackage('nuget', name, key.slice(slash + 1));
}

/**
 * `libraries` of NAME.deps.json: the .NET packages of an application or a framework. Projects in it
 * are the application itself.
 */
export const NUGET: RecordReader = {
  matches: (path) => path.endsWith('.deps.json'),
  cap: 16 * 1024 * 1024,
  read: (content) => {
    const libraries = field(parseJson(textOf(content)), 'libraries');
    if (!isObject(libraries)) return unreadable('it does not contain a list of libraries');
    return {
      packages: Object.entries(libraries).flatMap(
        ([key, library]) => nugetPackage(key, library) ?? [],
      ),
    };
  },
};
