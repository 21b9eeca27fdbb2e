import { ownValue } from '../../lib/json.ts';
import { byCodeUnit, joined, parentPath } from '../../lib/text.ts';
import {
  isSystemType,
  type OsRelease,
  type Package,
  type PurlParts,
  purlText,
  type SystemType,
  type UnreadablePackages,
} from '../../model/packages.ts';
import type { Digest } from '../../model/reference.ts';
import { type FileTree, type Place, tooMuch } from '../filesystem.ts';
import type { LayerFacts, PackageRecord, PlacedLayer, RawPackage } from '../layer-facts.ts';
import { copyrightPath } from './distributions.ts';
import {
  DATABASES,
  mayBeDatabase,
  mayBeRecord,
  readerOf,
  RECORD_FOLDERS,
} from './package-collector.ts';
import { keyOf, SYSTEM_PROGRAM } from './record.ts';

function distroOf(os: OsRelease | undefined): string | undefined {
  if (os === undefined) return undefined;
  const version = os.versionId ?? os.versionCodename;
  return version === undefined ? os.id : `${os.id}-${version}`;
}

/** The source package where it has another name; of an RPM its file. Databases use it as a key. */
function upstreamOf({ type, name, version, source }: RawPackage): string | undefined {
  if (source === undefined) return undefined;
  if (type === 'rpm') return `${source.name}-${source.version}.src.rpm`;
  if (source.name === name && source.version === version) return undefined;
  return source.version === version ? source.name : `${source.name}@${source.version}`;
}

/** The packages' vendor by the name that scanners and databases use, if not that of os-release. */
function vendorOf(type: SystemType, os: OsRelease | undefined): string {
  const id = (os?.id ?? { deb: 'debian', apk: 'alpine', rpm: 'redhat' }[type]).toLowerCase();
  if (id === 'rhel') return 'redhat';
  return id.startsWith('opensuse') ? 'opensuse' : id;
}

function segments(item: RawPackage, os: OsRelease | undefined): readonly string[] {
  const { type, name } = item;
  switch (type) {
    case 'rpm':
      return [vendorOf(type, os), name];
    case 'deb':
    case 'apk':
      return [vendorOf(type, os), name.toLowerCase()];
    case 'pypi':
      // PEP 503 names are one in any spelling.
      return [name.toLowerCase().replace(/[-_.]+/g, '-')];
    case 'maven':
      return name.split(':', 2);
    case 'golang':
    case 'composer':
      return name.toLowerCase().split('/');
    case 'npm':
    case 'gem':
    case 'cargo':
    case 'nuget':
      return name.split('/');
  }
}

function qualifiersOf(
  item: RawPackage,
  os: OsRelease | undefined,
): PurlParts['qualifiers'] & object {
  const { type, architecture, modularity } = item;
  if (type === 'gem') return { platform: architecture };
  if (!isSystemType(type)) return {};
  return {
    arch: architecture,
    distro: distroOf(os),
    epoch: type === 'rpm' ? /^(\d+):/.exec(item.version)?.[1] : undefined,
    rpmmod: modularity,
    upstream: upstreamOf(item),
  };
}

/**
 * The package URL of a package of this image (purl-spec; deb, apk and rpm carry architecture and
 * distribution). The epoch is part of Debian's versions and a qualifier of RPM's.
 */
export function purlOf(item: RawPackage, os: OsRelease | undefined): string {
  const version = item.type === 'rpm' ? item.version.replace(/^\d+:/, '') : item.version;
  return purlText({
    type: item.type,
    path: segments(item, os),
    version,
    qualifiers: qualifiersOf(item, os),
  });
}

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
class CountedRecords {
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

/**
 * Path parts needed to recognize a record of a language package: `node_modules/@a/b/package.json`.
 */
const MOST_PARTS = 4;
/** Folders in which a file is a record of a language's package. */
const RECORD_FOLDER =
  /^(?:node_modules|specifications|composer|EGG-INFO)$|\.(?:dist-info|egg-info|egg)$/;
/** Paths that are tried in all: links to each other could give any number. */
const MOST_PATHS = 1_000_000;

/** By layer: files that record packages by a path over links, and the path that programs use. */
type LinkedRecords = ReadonlyMap<Digest, Readonly<Record<string, string>>>;

/**
 * Finds records that a program in the container would find, although their own path does not show
 * it. A symbolic link may point to the file or folder of a database (`var/lib/dpkg -> /opt/dpkg`),
 * or a hard link may give it another name.
 */
export function linkedRecords(tree: FileTree): LinkedRecords {
  const found = new Map<Digest, Record<string, string>>();
  const add = (file: Place, path: string): boolean => {
    const reader = readerOf(path);
    const own = file.path;
    if (file.kind !== 'f' || reader === undefined || reader === readerOf(own)) return false;
    const records = found.get(file.layer) ?? (Object.create(null) as Record<string, string>);
    records[own] ??= path;
    found.set(file.layer, records);
    return true;
  };
  const fileAt = (path: string): Place | undefined => tree.find(path, true)?.inode;
  for (const path of DATABASES) {
    const file = fileAt(path);
    if (file !== undefined) add(file, path);
  }
  const folders = new Map(RECORD_FOLDERS.map((path) => [tree.find(path, true), path]));
  folders.delete(undefined);
  const names = new OtherNames(tree);
  const look = (file: Place): void => {
    // What is a record already is checked again only where it may be a database too.
    if (readerOf(file.path) !== undefined && !names.mayBeDatabase(file)) return;
    for (const path of names.pathsOf(file, 0)) if (add(file, path)) return;
  };
  for (const file of names.files) look(file);
  for (const place of tree.places()) {
    const folder = folders.get(place.folder);
    if (folder !== undefined) {
      const file = fileAt(place.path);
      if (file !== undefined) add(file, `${folder}/${place.name}`);
    }
    if (place.kind === 'f' && names.mayBeFound(place)) look(place);
  }
  return found;
}

/** What links of both kinds call the files and folders of a tree. */
class OtherNames {
  readonly #links = new Map<Place, Place[]>();
  readonly files = new Set<Place>();
  #tried = 0;

  constructor(tree: FileTree) {
    const others: (readonly [Place, Place])[] = [];
    for (const place of tree.places()) {
      const { kind } = place;
      if (kind !== 'l' && kind !== 'h') continue;
      const led = (kind === 'l' ? tree.find(place.path, true) : place)?.inode;
      if (led === undefined) continue;
      if (led.kind !== 'd') {
        if (!hasName(place, mayBeRecord)) continue;
        this.files.add(led);
      } else if (!isAbove(place, ({ name }) => RECORD_FOLDER.test(name))) {
        others.push([led, place]);
        continue;
      }
      this.#add(led, place);
    }
    // A link in what such a link points to.
    for (const [led, place] of others)
      if (isAbove(place, (above) => this.#links.has(above))) this.#add(led, place);
  }

  #add(led: Place, place: Place): void {
    const known = this.#links.get(led);
    if (known === undefined) this.#links.set(led, [place]);
    else known.push(place);
  }

  /** True for a file whose name may be that of a record, in a folder that a link points to. */
  mayBeFound(file: Place): boolean {
    return hasName(file, mayBeRecord) && isAbove(file.folder, (above) => this.#links.has(above));
  }

  mayBeDatabase(file: Place): boolean {
    return [file, ...(this.#links.get(file) ?? [])].some((one) => hasName(one, mayBeDatabase));
  }

  /** Paths over links to a place that differ in their last parts, of which `parts` are known. */
  *pathsOf(place: Place | undefined, parts: number): Generator<string> {
    let rest = '';
    let count = parts;
    for (let at = place; at !== undefined && count < MOST_PARTS; at = at.folder) {
      for (const link of this.#links.get(at) ?? []) {
        if ((this.#tried += 1) > MOST_PATHS)
          throw tooMuch(MOST_PATHS, 'paths over links to records of packages');
        yield `${link.path}${rest}`;
        for (const path of this.pathsOf(link.folder, count + 1))
          yield `${path}/${link.name}${rest}`;
      }
      rest = `/${at.name}${rest}`;
      count += 1;
    }
  }
}

/** True where the last parts of a place's path have one that is such. */
function isAbove(place: Place | undefined, is: (above: Place) => boolean): boolean {
  for (let at = place, parts = 1; at !== undefined && parts < MOST_PARTS; at = at.folder) {
    if (is(at)) return true;
    parts += 1;
  }
  return false;
}

function hasName(
  { name, folder }: Place,
  isSuch: (name: string, folder: string) => boolean,
): boolean {
  return isSuch(name, folder?.name ?? '');
}

interface Catalogue {
  readonly packages: readonly Package[];
  readonly unreadable: readonly UnreadablePackages[];
}

/**
 * Lists the packages. A record counts if the topmost layer still has the file it was read from.
 * Parts of a distribution's package count as that package, as long as its database exists.
 * Distributions fix them under versions of their own, so naming a part again would report false
 * vulnerabilities. Ordered by purl and path, whatever the order of entries in layers.
 */
export function catalogue(
  tree: FileTree,
  layers: readonly PlacedLayer[],
  os: OsRelease | undefined,
): Catalogue {
  let shared: ReadonlySet<string> | undefined;
  const isThere = (path: string, digest: Digest): boolean =>
    isFile(tree, path, digest) || (shared ??= sharedRecords(tree)).has(`${digest} ${path}`);
  const records = layers.flatMap(({ digest, facts }) =>
    facts.packages
      .filter(({ path }) => isThere(path, digest))
      .map((record) => ({ record, digest })),
  );
  const counted = new CountedRecords(tree, layers, records);
  records.push(...counted.gone(isThere));
  const system = systemNames(records.map(({ record }) => record));
  const isOwn = ({ owner }: { readonly owner?: string }): boolean =>
    owner === undefined || !system.has(owner);
  const licenses = new Map(layers.map(({ digest, facts }) => [digest, facts.licenses]));
  const packages = records
    .filter(({ record }) => isOwn(record))
    .flatMap(({ record, digest }) =>
      record.packages.map((item) =>
        placed(withLicenses(item, tree, licenses), { path: record.path, layer: digest }, os),
      ),
    );
  const unreadable = layers.flatMap(({ digest, facts }) =>
    facts.unreadable
      .filter((record) => isThere(record.path, digest) && isOwn(record))
      .map(({ path, reason }) => ({ location: { path, layer: digest }, reason })),
  );
  unreadable.push(...counted.unlisted());
  return {
    packages: packages.sort(
      (a, b) =>
        byCodeUnit(a.purl, b.purl) ||
        byCodeUnit(a.location.path, b.location.path) ||
        byCodeUnit(a.location.inside ?? '', b.location.inside ?? ''),
    ),
    unreadable: unreadable.sort((a, b) => byCodeUnit(a.location.path, b.location.path)),
  };
}

function isFile(tree: FileTree, path: string, layer: Digest): boolean {
  const node = tree.find(path, false);
  return node?.kind === 'f' && node.layer === layer;
}

/** `LAYER PATH` of records whose own name is gone, but not a hard link of their kind. */
function sharedRecords(tree: FileTree): ReadonlySet<string> {
  const known = new Set<string>();
  for (const place of tree.places()) {
    if (place.kind !== 'h' || !mayBeRecord(place.name, place.folder?.name ?? '')) continue;
    const { layer, path } = place.inode;
    if (readerOf(place.path) !== undefined) known.add(`${layer} ${path}`);
  }
  return known;
}

function systemNames(records: readonly PackageRecord[]): ReadonlySet<string> {
  return new Set(
    records.flatMap(({ packages }) =>
      packages.filter(({ type }) => isSystemType(type)).map(({ name }) => name),
    ),
  );
}

/** dpkg records no licenses: the package's own copyright file does. */
function withLicenses(
  item: RawPackage,
  tree: FileTree,
  licenses: ReadonlyMap<Digest, LayerFacts['licenses']>,
): RawPackage {
  if (item.type !== 'deb') return item;
  const file = tree.find(copyrightPath(item.name), true)?.inode;
  const stated = file === undefined ? undefined : licenses.get(file.layer);
  return file === undefined || stated === undefined || !Object.hasOwn(stated, file.path)
    ? item
    : { ...item, licenses: stated[file.path] ?? [] };
}

function placed(
  { inside, ...item }: RawPackage,
  location: Package['location'],
  os: OsRelease | undefined,
): Package {
  const purl = purlOf(item, os);
  return { ...item, purl, location: inside === undefined ? location : { ...location, inside } };
}
