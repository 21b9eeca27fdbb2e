import type { Digest } from '../../model/digest.ts';
import { byCodeUnit } from '../../model/order.ts';
import {
  isSystemType,
  type OsRelease,
  type Package,
  type UnreadablePackages,
} from '../../model/packages.ts';
import type { FileTree } from '../filesystem/file-tree.ts';
import type { LayerFacts, PackageRecord, PlacedLayer, RawPackage } from '../layer-facts.ts';
import { copyrightPath } from './debian-copyright.ts';
import { CountedRecords } from './gone-records.ts';
import { purlOf } from './purl.ts';
import { mayBeRecord, readerOf } from './record-readers.ts';

/** Packages of the final filesystem, and the records of it that could not be read. */
interface Catalogue {
  readonly packages: readonly Package[];
  readonly unreadable: readonly UnreadablePackages[];
}

/**
 * A record counts where the file it was read from is still the one that the topmost layer gives.
 * What a package of the distribution brought is that package, as long as its database is there:
 * distributions fix what they ship under versions of their own, so naming the part again would be
 * to count it twice, and to find it vulnerable where it is not. Ordered by purl and path, so that
 * layers' order of entries makes no difference.
 */
export function catalogue(
  tree: FileTree,
  layers: readonly PlacedLayer[],
  os: OsRelease | undefined,
): Catalogue {
  const shared = new SharedRecords(tree);
  const isThere = (path: string, digest: Digest): boolean =>
    isFile(tree, path, digest) || shared.has(path, digest);
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

/** Records whose own name is gone, and that a hard link of a record's name still shows. */
class SharedRecords {
  readonly #tree: FileTree;
  #known: ReadonlySet<string> | undefined;

  constructor(tree: FileTree) {
    this.#tree = tree;
  }

  has(path: string, layer: Digest): boolean {
    return (this.#known ??= this.#gather()).has(`${layer} ${path}`);
  }

  #gather(): ReadonlySet<string> {
    const known = new Set<string>();
    for (const place of this.#tree.places()) {
      if (place.kind !== 'h' || !mayBeRecord(place.name, place.folder?.name ?? '')) continue;
      const { layer, path } = place.inode;
      if (readerOf(place.path) !== undefined) known.add(`${layer} ${path}`);
    }
    return known;
  }
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
