import type { Digest } from '../../model/digest.ts';
import { ownValue } from '../../model/lookup.ts';
import { isSystemType, type UnreadablePackages } from '../../model/packages.ts';
import { joined, parentPath } from '../../model/path.ts';
import type { FileTree } from '../filesystem/file-tree.ts';
import type { Place } from '../filesystem/place.ts';
import type { PackageRecord, PlacedLayer, RawPackage } from '../layer-facts.ts';
import { keyOf, SYSTEM_PROGRAM } from './ownership.ts';

/** A record of packages, and the layer that brought it. */
interface PlacedRecord {
  readonly record: PackageRecord;
  readonly digest: Digest;
}

/** Of a package whose version was rewritten, this share of its files must still be the old ones. */
const UNCHANGED = 0.5;
/** Programs of the system that no package lists: a hand-made root has fewer. */
const UNLISTED_PROGRAMS = 30;
/** Debian and images on it have 2 to 4: 313 programs of 80 packages, 488 of 251. */
const PROGRAMS_OF_A_PACKAGE = 15;

/** Packages of a program or archive, which is its own record. */
const OWN_RECORD: ReadonlySet<string> = new Set(['maven', 'golang', 'cargo']);

/** A package that a layer records and the final filesystem does not, in this version. */
interface Lost extends PlacedRecord {
  readonly item: RawPackage;
  readonly layer: number;
  readonly isRewritten: boolean;
  readonly folders: Place[];
  /** Files of it that are there, and those of them that no later layer wrote. */
  all: number;
  old: number;
  shown: string;
}

/**
 * What the records of an image leave out. A later layer can delete or rewrite a record, and the
 * package is as much there as before: it is gone only where its files are.
 */
export class CountedRecords {
  readonly #tree: FileTree;
  readonly #layers: readonly PlacedLayer[];
  readonly #index: ReadonlyMap<Digest, number>;
  readonly #records: readonly PlacedRecord[];
  readonly #exact = new Set<string>();
  readonly #names = new Set<string>();
  readonly #paths = new Set<string>();
  /** Files that packages with a record are known to have. */
  readonly #listed = new Set<string>();

  constructor(tree: FileTree, layers: readonly PlacedLayer[], records: readonly PlacedRecord[]) {
    this.#tree = tree;
    this.#layers = layers;
    this.#index = new Map(layers.map(({ digest }, index) => [digest, index]));
    this.#records = records;
    for (const { record } of records) {
      this.#paths.add(record.path);
      for (const item of record.packages) {
        this.#names.add(nameOf(item, record.path));
        this.#exact.add(exactOf(item, record.path));
      }
    }
    const owners = new Set([...this.#names, ...records.map(({ record }) => record.path)]);
    for (const { facts } of layers)
      for (const [owner, files] of Object.entries(facts.files))
        if (owners.has(owner)) for (const file of files) this.#listed.add(keyOf(file));
  }

  /** Packages whose record is gone or has another version by now, and whose files are there. */
  gone(isThere: (path: string, layer: Digest) => boolean): readonly PlacedRecord[] {
    const lost = this.#layers.flatMap(({ digest, facts }, layer) =>
      facts.packages
        .filter(({ path }) => !isThere(path, digest))
        .flatMap((record) =>
          record.packages
            .filter((item) => !this.#exact.has(exactOf(item, record.path)))
            .map((item) => this.#lost(item, record, digest, layer)),
        ),
    );
    this.#countFolders(lost);
    return lost.flatMap(({ item, record, digest, isRewritten, old, all, shown }) => {
      if (isRewritten ? old <= all * UNCHANGED : all === 0) return [];
      const what = isRewritten
        ? 'its version in the record was rewritten'
        : 'its record was removed';
      const unrecorded = `${what}, and its files are there: ${shown}`;
      return [{ record: { ...record, packages: [{ ...item, unrecorded }] }, digest }];
    });
  }

  #lost(item: RawPackage, record: PackageRecord, digest: Digest, layer: number): Lost {
    const { path } = record;
    const isRewritten = this.#names.has(nameOf(item, path));
    const listed = ownValue(
      this.#layers[layer]?.facts.files ?? {},
      isSystemType(item.type) ? item.name : path,
    );
    const own = OWN_RECORD.has(item.type) && !this.#paths.has(path) ? [path] : undefined;
    const files = listed ?? own ?? filesBeside(item, path);
    const lost: Lost = {
      item,
      record,
      digest,
      layer,
      isRewritten,
      old: 0,
      all: 0,
      shown: '',
      folders: [],
    };
    // Files that another package has by now are its own.
    const isTaken = files.some((file) => this.#listed.has(keyOf(file)));
    for (const file of files) {
      const place = this.#tree.find(file, false)?.inode;
      if (place?.kind === 'd') lost.folders.push(place);
      if (place?.kind === 'f' && !(isTaken && this.#isNewer(place, layer)))
        this.#count(lost, place);
    }
    if (isRewritten && listed !== undefined) lost.all = files.length;
    return lost;
  }

  #isNewer({ layer }: Place, than: number): boolean {
    return (this.#index.get(layer) ?? 0) > than;
  }

  #count(lost: Lost, place: Place): void {
    lost.all += 1;
    if (!this.#isNewer(place, lost.layer)) lost.old += 1;
    if (lost.shown === '') lost.shown = place.path;
  }

  /** Files in folders of packages; those of packages within them are not theirs. */
  #countFolders(lost: readonly Lost[]): void {
    const byFolder = new Map<Place, Lost[]>();
    for (const one of lost)
      for (const folder of one.folders)
        byFolder.set(folder, [...(byFolder.get(folder) ?? []), one]);
    if (byFolder.size === 0) return;
    for (const place of this.#tree.places()) {
      if (place.kind !== 'f') continue;
      for (let at = place.folder; at !== undefined; at = at.folder) {
        for (const one of byFolder.get(at) ?? []) this.#count(one, place);
        if (at.name === 'node_modules') break;
      }
    }
  }

  /** A system most of whose programs no recorded package brought. */
  unlisted(): readonly UnreadablePackages[] {
    const system = this.#records.flatMap(({ record, digest }) =>
      record.packages.some(({ type }) => isSystemType(type)) ? [{ record, digest }] : [],
    );
    let programs = 0;
    let listed = 0;
    let stray: Place | undefined;
    for (const place of this.#tree.places()) {
      if (place.kind !== 'f' || !place.path.includes('bin/') || !SYSTEM_PROGRAM.test(place.path))
        continue;
      programs += 1;
      if (this.#listed.has(keyOf(place.path))) listed += 1;
      else stray ??= place;
    }
    const packages = system.flatMap(({ record }) => record.packages);
    const withFiles = packages.filter(({ name }) =>
      this.#layers.some(({ facts }) => Object.hasOwn(facts.files, name)),
    ).length;
    const unlisted = programs - listed;
    if (
      stray === undefined ||
      this.#records.length === 0 ||
      unlisted <= UNLISTED_PROGRAMS ||
      unlisted <= programs / 2 ||
      programs <= PROGRAMS_OF_A_PACKAGE * (withFiles || packages.length)
    )
      return [];
    const [first] = system;
    const count = `${unlisted} of the system’s ${programs} programs`;
    return [
      first === undefined
        ? {
            location: { path: stray.path, layer: stray.layer },
            reason: `no package is recorded for ${count}`,
          }
        : {
            location: { path: first.record.path, layer: first.digest },
            reason: `it lists ${packages.length} packages, and ${count} are of none of them`,
          },
    ];
  }
}

/** A distribution has a package once, a language once in each place. */
function nameOf({ type, name }: RawPackage, path: string): string {
  if (isSystemType(type)) return name;
  const place = type === 'pypi' ? parentPath(parentPath(path)) : path;
  return `${type} ${name.toLowerCase().replace(/[-_.]+/g, '-')} ${type === 'gem' ? parentPath(path) : place}`;
}

/** A name and version of one source: advisories of a distribution are about sources. */
function exactOf(item: RawPackage, path: string): string {
  const { name = '', version = '' } = item.source ?? {};
  return `${nameOf(item, path)} ${item.version} ${name} ${version}`;
}

/** Where the files of a package are whose record lists none. */
function filesBeside({ type, name, version }: RawPackage, path: string): readonly string[] {
  const folder = parentPath(path);
  if (type === 'npm') return [folder];
  if (type === 'gem')
    return [joined(parentPath(folder.replace(/\/default$/, '')), `gems/${name}-${version}`)];
  if (type === 'composer') return [joined(parentPath(folder), name)];
  if (type === 'nuget') return [joined(folder, `${name}.dll`)];
  if (type !== 'pypi') return [];
  const module = name.toLowerCase().replaceAll('-', '_');
  return [module, `${module}.py`].map((one) => joined(parentPath(folder), one));
}
