import type { ContentWish, LayerCollector } from '../../model/walk.ts';
import type { PackageRecord, UnreadRecord } from '../layer-facts.ts';
import { APK } from './apk.ts';
import { COMPOSER } from './composer.ts';
import { DEBIAN_COPYRIGHT } from './debian-copyright.ts';
import { DPKG, DPKG_LIST, DPKG_SUMS, NO_RECORD, recordOfSums } from './dpkg.ts';
import { GEM } from './gem.ts';
import { JAR } from './jar.ts';
import { NPM } from './npm.ts';
import { NUGET } from './nuget.ts';
import { Ownership } from './ownership.ts';
import { PROGRAM } from './program.ts';
import { PYTHON } from './python.ts';
import type {
  ReadBudget,
  RecordContent,
  RecordReader,
  RecordStream,
  StreamReader,
} from './record.ts';
import { RPM } from './rpm.ts';

export interface CollectedPackages {
  readonly packages: readonly PackageRecord[];
  readonly unreadable: readonly UnreadRecord[];
  readonly licences: Readonly<Record<string, readonly string[]>>;
}

const READERS: readonly RecordReader[] = [
  NPM,
  PYTHON,
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

/** No image has as many; a layer that claims more is made to fill the memory. */
const MAX_PACKAGES = 500_000;
const MAX_UNREADABLE = 1000;
const NONE: ContentWish = { want: 'none' };

/** Far more than the layers of real images take, and some seconds of work. */
export function readBudget(): ReadBudget {
  return { entries: 2_000_000, inflated: 1024 * 1024 * 1024, looks: 100_000 };
}

/** Packages that the files of a layer record, file by file, and the files whose record could not be read. */
export function packageCollector(): LayerCollector<CollectedPackages> {
  const collected = new Collected();
  const budget = readBudget();
  let reader: RecordReader | undefined;
  let streamReader: StreamReader | undefined;
  let stream: RecordStream | undefined;
  return {
    name: 'packages',
    wants: (entry) => {
      reader = streamReader = stream = undefined;
      if (entry.entry.type !== 'file') return NONE;
      reader = READERS.find(({ matches }) => matches(entry.path));
      if (reader !== undefined) return { want: 'all', cap: reader.cap };
      streamReader = STREAMS.find(({ matches }) => matches(entry));
      stream = streamReader?.start(entry, budget);
      return stream === undefined ? NONE : { want: 'stream' };
    },
    chunk: (bytes) => stream?.push(bytes),
    visit: ({ path }, content, truncated) => {
      if ((reader ?? streamReader)?.isDatabase === true) collected.databases.add(path);
      if (stream !== undefined) collected.add(path, stream.end());
      else if (reader !== undefined)
        collected.add(path, wholeRecord(reader, path, content ?? new Uint8Array(), truncated));
      reader = streamReader = stream = undefined;
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
  readonly #licences: Record<string, readonly string[]> = {};
  readonly #paths = new Set<string>();
  #count = 0;

  add(path: string, { packages, owned, unreadable, licenses }: RecordContent): void {
    if (owned !== undefined) this.#ownership.add(owned);
    if (unreadable !== undefined) this.#unread(path, unreadable);
    if (licenses !== undefined && licenses.length > 0) this.#licences[path] = licenses;
    this.#paths.add(path);
    if (packages.length === 0) return;
    const kept = packages.slice(0, MAX_PACKAGES - this.#count);
    this.#count += kept.length;
    if (kept.length > 0) this.#records.push({ path, packages: kept });
    if (kept.length < packages.length)
      this.#unread(path, `its layer records more than ${MAX_PACKAGES} packages`);
  }

  finish(): CollectedPackages {
    for (const path of this.#paths) {
      const record = recordOfSums(path);
      if (record !== undefined && !this.#paths.has(record)) this.#unread(path, NO_RECORD);
    }
    return {
      packages: this.#records.map((record) => this.#owned(record)),
      unreadable: this.#unreadable.map((record) => this.#owned(record)),
      licences: this.#licences,
    };
  }

  #owned<T extends { readonly path: string }>(record: T): T & { readonly owner?: string } {
    const { path } = record;
    const owner = this.databases.has(path) ? undefined : this.#ownership.ownerOf(path);
    return owner === undefined ? record : { ...record, owner };
  }

  #unread(path: string, reason: string): void {
    if (this.#unreadable.length < MAX_UNREADABLE) this.#unreadable.push({ path, reason });
  }
}
