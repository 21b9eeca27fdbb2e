import { APK } from './apk.ts';
import { COMPOSER } from './composer.ts';
import { DEBIAN_COPYRIGHT } from './debian-copyright.ts';
import { DPKG, DPKG_LIST, DPKG_SUMS } from './dpkg.ts';
import { GEM } from './gem.ts';
import { JAR } from './jar.ts';
import { NPM } from './npm.ts';
import { NUGET } from './nuget.ts';
import { PROGRAM } from './program.ts';
import { PYTHON, PYTHON_FILES } from './python.ts';
import type { RecordReader, StreamReader } from './record.ts';
import { RPM } from './rpm.ts';

export const READERS: readonly RecordReader[] = [
  NPM,
  PYTHON,
  PYTHON_FILES,
  DPKG_LIST,
  DEBIAN_COPYRIGHT,
  DPKG,
  DPKG_SUMS,
  APK,
  GEM,
  COMPOSER,
  NUGET,
];
export const STREAMS: readonly StreamReader[] = [RPM, JAR, PROGRAM];

/** The reader of a record that its path alone shows; undefined for any other file. */
export function readerOf(path: string): RecordReader | StreamReader | undefined {
  const found = READERS.find(({ matches }) => matches(path));
  return found ?? [RPM, JAR].find(({ matches }) => matches(path));
}

const RPM_FILES = ['Packages', 'Packages.db', 'rpmdb.sqlite', 'rpmdb.sqlite-wal'];
/** Where programs look for the databases of a distribution. */
export const DATABASES: readonly string[] = [
  'var/lib/dpkg/status',
  'lib/apk/db/installed',
  'usr/lib/apk/db/installed',
  ...['var/lib/rpm', 'usr/lib/sysimage/rpm', 'usr/share/rpm'].flatMap((folder) =>
    RPM_FILES.map((file) => `${folder}/${file}`),
  ),
];
/** Folders of which each file belongs to such a database. */
export const RECORD_FOLDERS: readonly string[] = ['var/lib/dpkg/status.d', 'var/lib/dpkg/info'];

/** Names of the distribution's databases. */
const DATABASE = /^(?:status|installed|Packages|Packages\.db|rpmdb\.sqlite|rpmdb\.sqlite-wal)$/;
const RECORD =
  /^(?:package\.json|METADATA|PKG-INFO|installed\.json)$|\.(?:egg-info|gemspec|deps\.json|list|md5sums|[jwesnpk]ar|jpi|hpi)$/i;

/** True for name and folder of a possible distribution database; other paths are not searched. */
export function mayBeDatabase(name: string, folder: string): boolean {
  return DATABASE.test(name) || folder === 'status.d';
}

/** True for the name and folder of what may be a record of packages. */
export function mayBeRecord(name: string, folder: string): boolean {
  return RECORD.test(name) || mayBeDatabase(name, folder);
}
