import { distinct, ownValue } from '../../lib/json.ts';
import { byCodeUnit, fileName, joined, parentPath } from '../../lib/text.ts';
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
import { storePackages } from './nix.ts';
import { DATABASES, mayBeRecord, readerOf, RECORD_FOLDERS } from './package-collector.ts';
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
function vendorOf(type: Exclude<SystemType, 'nix'>, os: OsRelease | undefined): string {
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
    case 'nix':
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
  if (!isSystemType(type) || type === 'nix') return {};
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
  /** Another version of it is recorded by now. */
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
function leftOut(
  tree: FileTree,
  layers: readonly PlacedLayer[],
  records: readonly PlacedRecord[],
  isThere: (path: string, layer: Digest) => boolean,
): {
  readonly gone: readonly PlacedRecord[];
  readonly unlisted: readonly UnreadablePackages[];
} {
  const index = new Map(layers.map(({ digest }, at) => [digest, at]));
  const items = records.flatMap(({ record: { path, packages } }) =>
    packages.map((item) => ({ item, path })),
  );
  const exact = new Set(items.map(({ item, path }) => exactOf(item, path)));
  const names = new Set(items.map(({ item, path }) => nameOf(item, path)));
  const paths = new Set(records.map(({ record }) => record.path));
  const listed = new Set(
    layers.flatMap(({ facts }) =>
      Object.entries(facts.files)
        .filter(([owner]) => names.has(owner) || paths.has(owner))
        .flatMap(([, files]) => files.map(keyOf)),
    ),
  );
  const isNewer = ({ layer }: Place, than: number): boolean => (index.get(layer) ?? 0) > than;
  const count = (lost: Lost, place: Place): void => {
    lost.all += 1;
    if (!isNewer(place, lost.layer)) lost.old += 1;
    if (lost.shown === '') lost.shown = place.path;
  };
  const lostOf = (item: RawPackage, placed: PlacedRecord, layer: number): Lost => {
    const { path } = placed.record;
    const isRewritten = names.has(nameOf(item, path));
    const known = layers[layer]?.facts.files ?? {};
    const own = ownValue(known, isSystemType(item.type) ? item.name : path);
    const isOwn = OWN_RECORD.has(item.type) && !paths.has(path);
    const beside = isOwn ? [path] : filesBeside(item, path);
    // Compiled files of Python are in no list.
    const more = own === undefined || (item.type === 'pypi' && !isRewritten) ? beside : [];
    const files = distinct([...(own ?? []), ...more]);
    const lost: Lost = {
      ...placed,
      item,
      layer,
      isRewritten,
      folders: [],
      all: 0,
      old: 0,
      shown: '',
    };
    // Files that another package has by now are its own.
    const isTaken = files.some((file) => listed.has(keyOf(file)));
    for (const file of files) {
      // A link may have taken the place of a file, or of a folder.
      const place = tree.find(file, true)?.inode;
      if (place?.kind === 'd' && !isSystemType(item.type)) lost.folders.push(place);
      if (place?.kind === 'f' && !(isTaken && isNewer(place, layer))) count(lost, place);
    }
    if (isRewritten && own !== undefined) lost.all = own.length;
    return lost;
  };
  const lost = layers.flatMap(({ digest, facts }, layer) =>
    facts.packages
      .filter(({ path }) => !isThere(path, digest))
      .flatMap((record) =>
        record.packages
          .filter((item) => !exact.has(exactOf(item, record.path)))
          .map((item) => lostOf(item, { record, digest }, layer)),
      ),
  );
  const byFolder = new Map<Place, Lost[]>();
  for (const one of lost)
    for (const folder of one.folders) byFolder.set(folder, [...(byFolder.get(folder) ?? []), one]);
  let programs = 0;
  const strays: Place[] = [];
  for (const place of tree.places()) {
    if (place.kind !== 'f') continue;
    // Files in folders of packages; those of packages within them are not theirs.
    if (byFolder.size > 0)
      for (let at = place.folder; at !== undefined; at = at.folder) {
        for (const one of byFolder.get(at) ?? []) count(one, place);
        if (at.name === 'node_modules') break;
      }
    if (place.folder?.name.endsWith('bin') !== true || !SYSTEM_PROGRAM.test(place.path)) continue;
    programs += 1;
    if (!listed.has(keyOf(place.path))) strays.push(place);
  }
  return {
    gone: lost.flatMap(({ item, record, digest, isRewritten, old, all, shown }) => {
      if (isRewritten ? old <= all * UNCHANGED : all === 0) return [];
      const what = isRewritten
        ? 'its version in the record was rewritten'
        : 'its record was removed';
      const unrecorded = `${what}, and its files are there: ${shown}`;
      return [{ record: { ...record, packages: [{ ...item, unrecorded }] }, digest }];
    }),
    unlisted: [
      ...(records.length === 0 ? [] : unlistedPrograms(layers, records, programs, strays)),
      ...listsAlone(tree, layers),
    ],
  };
}

/** Lists of files that exist, of packages that nothing else records. */
function listsAlone(tree: FileTree, layers: readonly PlacedLayer[]): readonly UnreadablePackages[] {
  const recorded = new Set(
    layers.flatMap(({ facts }) =>
      [...facts.packages, ...facts.unreadable].flatMap((record) => [
        record.path,
        ...('packages' in record ? record.packages.map(({ name }) => name) : []),
      ]),
    ),
  );
  return layers.flatMap(({ digest, facts }) =>
    Object.entries(facts.files).flatMap(([owner, files]) => {
      const file = recorded.has(owner)
        ? undefined
        : files.find((one) => tree.find(one, true)?.inode.kind === 'f');
      return file === undefined
        ? []
        : [
            {
              location: { path: file, layer: digest },
              reason: `a list has it, and ${owner} is not recorded`,
            },
          ];
    }),
  );
}

/** A system most of whose programs no recorded package brought: `strays` of them. */
function unlistedPrograms(
  layers: readonly PlacedLayer[],
  records: readonly PlacedRecord[],
  programs: number,
  strays: readonly Place[],
): readonly UnreadablePackages[] {
  const system = records.filter(({ record }) =>
    record.packages.some(({ type }) => isSystemType(type)),
  );
  const packages = system.flatMap(({ record }) => record.packages);
  const withFiles = packages.filter(({ name }) =>
    layers.some(({ facts }) => Object.hasOwn(facts.files, name)),
  ).length;
  const [stray] = strays;
  if (
    stray === undefined ||
    strays.length <= Math.max(UNLISTED_PROGRAMS, programs / 2) ||
    programs <= PROGRAMS_OF_A_PACKAGE * (withFiles || packages.length)
  )
    return [];
  const [first] = system;
  const unlisted = `${strays.length} of the system’s ${programs} programs`;
  return [
    first === undefined
      ? {
          location: { path: stray.path, layer: stray.layer },
          reason: `no package is recorded for ${unlisted}`,
        }
      : {
          location: { path: first.record.path, layer: first.digest },
          reason: `it lists ${packages.length} packages, and ${unlisted} are of none of them`,
        },
  ];
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
function filesBeside({ type, name }: RawPackage, path: string): readonly string[] {
  const folder = parentPath(path);
  if (type === 'npm') return [folder];
  if (type === 'gem') return filesOfGem(name, path);
  if (type === 'composer') return [joined(parentPath(folder), name)];
  if (type === 'nuget') return [joined(folder, `${name}.dll`)];
  if (type !== 'pypi') return [];
  const module = name.toLowerCase().replaceAll('-', '_');
  return [module, `${module}.py`].map((one) => joined(parentPath(folder), one));
}

/** Of a gem, its folder with its platform; of one that comes with Ruby, its files beside Ruby's. */
function filesOfGem(name: string, path: string): readonly string[] {
  const [, above = '', abi = '', isDefault] =
    /^(.*?)(?:gems\/([^/]+)\/)?specifications\/(default\/)?[^/]*$/.exec(path) ?? [];
  const gems = `${above}${abi === '' ? '' : `gems/${abi}/`}gems/`;
  const code = `${above}${abi}/${name.replaceAll('-', '/')}`;
  return [
    gems + fileName(path).replace(/\.gemspec$/, ''),
    ...(isDefault === undefined ? [] : [code, `${code}.rb`]),
  ];
}

/** Names behind a link that show the record of a language’s package: `@a/b/package.json`. */
const MOST_PARTS = 3;
/** Places behind links in all: links to each other could give any number. */
const MOST_PLACES = 4_000_000;

/** By layer: files that record packages by a path over links, and the path that programs use. */
type LinkedRecords = ReadonlyMap<Digest, Readonly<Record<string, string>>>;

/**
 * Finds records that a program in the container would find, although their own path does not show
 * it. A symbolic link may point to the file or folder of a database (`var/lib/dpkg -> /opt/dpkg`),
 * or a hard link may give it another name.
 */
export function linkedRecords(tree: FileTree): LinkedRecords {
  const found = new Map<Digest, Record<string, string>>();
  const look = (file: Place | undefined, path: string): void => {
    const reader = file?.kind === 'f' ? readerOf(path) : undefined;
    if (file === undefined || reader === undefined || reader === readerOf(file.path)) return;
    const records = found.get(file.layer) ?? (Object.create(null) as Record<string, string>);
    records[file.path] ??= path;
    found.set(file.layer, records);
  };
  const ledTo = (place: Place): Place | undefined =>
    place.kind === 'l' ? tree.find(place.path, true)?.inode : place.inode;
  let places = 0;
  /** What `name` in a folder points to over a link: a record, or a folder that may contain some. */
  const follow = (place: Place | undefined, above: string, name: string, parts: number): void => {
    if ((places += 1) > MOST_PLACES)
      throw tooMuch(MOST_PLACES, 'paths over links to records of packages');
    if (place?.children === undefined) {
      if (mayBeRecord(name, fileName(above))) look(place, joined(above, name));
    } else if (parts > 0)
      for (const below of place.children.values())
        follow(ledTo(below), joined(above, name), below.name, parts - 1);
  };
  for (const path of DATABASES) look(tree.find(path, true)?.inode, path);
  const folders = new Map(RECORD_FOLDERS.map((path) => [tree.find(path, true), path]));
  folders.delete(undefined);
  for (const place of tree.places()) {
    const folder = folders.get(place.folder);
    if (folder !== undefined) look(ledTo(place), `${folder}/${place.name}`);
    if (place.kind !== 'l' && place.kind !== 'h') continue;
    const led = ledTo(place);
    if (led !== undefined && !hasNameOf(place, led))
      follow(led, parentPath(place.path), place.name, MOST_PARTS);
  }
  return found;
}

/** True where a link is called as its target, and its folders too: it makes no other record. */
function hasNameOf(link: Place, { name, folder }: Place): boolean {
  if (link.name !== name || link.folder?.name !== folder?.name) return false;
  return folder?.name === 'node_modules' || link.folder?.folder?.name === folder?.folder?.name;
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
  const { gone, unlisted } = leftOut(tree, layers, records, isThere);
  records.push(...gone);
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
  for (const { location, ...one } of storePackages(tree)) packages.push(placed(one, location, os));
  const unreadable = layers.flatMap(({ digest, facts }) =>
    facts.unreadable
      .filter((record) => isThere(record.path, digest) && isOwn(record))
      .map(({ path, reason }) => ({ location: { path, layer: digest }, reason })),
  );
  unreadable.push(...unlisted);
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
