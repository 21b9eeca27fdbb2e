import { ownValue } from '../../lib/json.ts';
import type { ContentRequest, LayerCollector } from '../../model/image.ts';
import type { PackageRecord, UnreadRecord } from '../layer-facts.ts';
import {
  APK,
  DEBIAN_COPYRIGHT,
  DPKG,
  DPKG_LIST,
  DPKG_SUMS,
  NO_RECORD,
  recordOfSums,
  RPM,
} from './distributions.ts';
import { JAR } from './jar.ts';
import { COMPOSER, GEM, NPM, NUGET, PYTHON, PYTHON_FILES } from './languages.ts';
import { PROGRAM } from './programs.ts';
import {
  MAX_PACKAGES,
  Ownership,
  PackageFiles,
  type ReadBudget,
  type RecordContent,
  type RecordReader,
  type RecordStream,
  type StreamReader,
} from './record.ts';

const READERS: readonly RecordReader[] = [
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
const STREAMS: readonly StreamReader[] = [RPM, JAR, PROGRAM];

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

const RECORD =
  /^(?:package\.json|METADATA|PKG-INFO|installed\.json|status|installed|Packages|Packages\.db|rpmdb\.sqlite|rpmdb\.sqlite-wal)$|\.(?:egg-info|gemspec|deps\.json|list|md5sums|[jwesnpk]ar|jpi|hpi)$/i;

/** True for name and folder of a possible record; other paths are not searched. */
export function mayBeRecord(name: string, folder: string): boolean {
  return RECORD.test(name) || folder === 'status.d';
}

interface CollectedPackages {
  readonly packages: readonly PackageRecord[];
  readonly unreadable: readonly UnreadRecord[];
  readonly files: Readonly<Record<string, readonly string[]>>;
  readonly licenses: Readonly<Record<string, readonly string[]>>;
}

const MAX_UNREADABLE = 1000;
const NONE: ContentRequest = { want: 'none' };

/** Far more than the layers of real images take, and some seconds of work. */
export function readBudget(): ReadBudget {
  return { entries: 2_000_000, inflated: 1024 * 1024 * 1024, looks: 100_000 };
}

const TWO_KINDS = 'links make it a record of another kind than its own path does';

/**
 * Packages that the files of a layer record, file by file, and the files whose record could not be
 * read. `linked`: by path, those that are read as what another path says.
 */
export function packageCollector(
  linked: Readonly<Record<string, string>> = {},
): LayerCollector<CollectedPackages> {
  const collected = new Collected();
  const budget = readBudget();
  let reader: RecordReader | StreamReader | undefined;
  let stream: RecordStream | undefined;
  // Nearly always there are none, and a look for a name that is new costs as much as all else here.
  const isLinked = Object.keys(linked).length > 0;
  const pathOf = (path: string): string => (isLinked ? (ownValue(linked, path) ?? path) : path);
  return {
    name: 'packages',
    wants: (entry) => {
      reader = stream = undefined;
      if (entry.entry.type !== 'file') return NONE;
      const path = pathOf(entry.path);
      const whole = READERS.find(({ matches }) => matches(path));
      const streamed = whole ? undefined : STREAMS.find((one) => one.matches(path, entry.entry));
      reader = whole ?? streamed;
      stream = streamed?.start({ path, entry: entry.entry }, budget);
      if (whole !== undefined) return { want: 'all', cap: whole.cap };
      return stream === undefined ? NONE : { want: 'stream' };
    },
    chunk: (bytes) => stream?.push(bytes),
    visit: ({ path }, content = new Uint8Array(), truncated) => {
      if (reader === undefined) return;
      const named = pathOf(path);
      if (reader.isDatabase === true) collected.databases.add(path);
      const read =
        'read' in reader ? wholeRecord(reader, named, content, truncated) : stream?.end();
      if (read !== undefined) collected.add(path, read);
      if (named !== path && readerOf(path) !== undefined) collected.unread(path, TWO_KINDS);
      reader = stream = undefined;
    },
    finish: () => collected.finish(),
  };
}

function wholeRecord(
  reader: RecordReader,
  path: string,
  content: Uint8Array,
  truncated: boolean,
): RecordContent {
  const read = reader.read(content, path);
  return truncated && reader.head !== true
    ? { ...read, unreadable: `it is larger than ${reader.cap} bytes` }
    : read;
}

class Collected {
  /** Paths of databases, which no package owns. */
  readonly databases = new Set<string>();
  readonly #records: PackageRecord[] = [];
  readonly #unreadable: UnreadRecord[] = [];
  readonly #ownership = new Ownership();
  readonly #files = new PackageFiles();
  readonly #licenses: Record<string, readonly string[]> = {};
  readonly #paths = new Set<string>();
  #count = 0;

  add(path: string, { packages, owned, files, unreadable, licenses }: RecordContent): void {
    for (const file of files?.paths ?? []) this.#files.add(files?.record ?? path, file);
    if (owned !== undefined && !this.#ownership.add(owned, this.#files))
      this.unread(path, 'the packages of its layer list more files than are read');
    if (unreadable !== undefined) this.unread(path, unreadable);
    if (licenses !== undefined && licenses.length > 0) this.#licenses[path] = licenses;
    this.#paths.add(path);
    if (packages.length === 0) return;
    // A copy: a name cut out of a text would keep all of that text.
    const kept = structuredClone(packages.slice(0, MAX_PACKAGES - this.#count));
    this.#count += kept.length;
    if (kept.length > 0) this.#records.push({ path, packages: kept });
    if (kept.length < packages.length)
      this.unread(path, `its layer records more than ${MAX_PACKAGES} packages`);
  }

  finish(): CollectedPackages {
    for (const path of this.#paths) {
      const record = recordOfSums(path);
      if (record !== undefined && !this.#paths.has(record)) this.unread(path, NO_RECORD);
    }
    return {
      packages: this.#records.map((record) => this.#owned(record)),
      unreadable: this.#unreadable.map((record) => this.#owned(record)),
      files: this.#files.finish(),
      licenses: this.#licenses,
    };
  }

  #owned<T extends { readonly path: string }>(record: T): T & { readonly owner?: string } {
    const { path } = record;
    const owner = this.databases.has(path) ? undefined : this.#ownership.ownerOf(path);
    return owner === undefined ? record : { ...record, owner };
  }

  unread(path: string, reason: string): void {
    if (this.#unreadable.length < MAX_UNREADABLE) this.#unreadable.push({ path, reason });
  }
}
