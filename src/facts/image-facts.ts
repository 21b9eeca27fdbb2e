import type { FilesystemFact, FoundSecrets, SecretsFact } from '../model/facts.ts';
import type { LayerCollector, LayerEntry } from '../model/image.ts';
import type { Package, UnreadablePackages } from '../model/packages.ts';
import type { Digest } from '../model/reference.ts';
import { filesystemFact, FileTree, OS_RELEASES, PASSWD, type Place } from './filesystem.ts';
import { type CloserLook, FACTS_SCHEMA, type LayerFacts, type PlacedLayer } from './layer-facts.ts';
import { fileCollector, MOST_TEXT } from './layer-files.ts';
import { catalogue, linkedRecords } from './packages/catalogue.ts';
import { packageCollector } from './packages/package-collector.ts';
import { secretCollector, secretsFact } from './secrets/secret-collector.ts';

/** Collectors for one walk over one layer, and what they gathered once it has ended. */
interface LayerCollection {
  readonly collectors: readonly LayerCollector<unknown>[];
  readonly facts: () => LayerFacts;
}

/** What to look for in a layer: secrets unless turned off, and some files in more detail. */
interface CollectOptions {
  readonly secrets?: boolean;
  readonly closer?: CloserLook | undefined;
}

/** Starts to collect a layer's facts. Pass `collectors` to the walk; call `facts` on success. */
export function collectLayer({
  secrets: withSecrets = true,
  closer,
}: CollectOptions = {}): LayerCollection {
  const files = fileCollector(closer?.sizes ?? []);
  const packages = packageCollector(closer?.records);
  const secrets = secretCollector();
  // Files come first: the others see an entry where it is unpacked, which links of its layer
  // decide.
  const placed = <T>(collector: LayerCollector<T>): LayerCollector<T> => ({
    ...collector,
    wants: (entry) => collector.wants(atPlace(entry, files.path())),
    visit: (entry, content, truncated) => {
      collector.visit(atPlace(entry, files.path()), content, truncated);
    },
  });
  const others = withSecrets ? [packages, secrets] : [packages];
  return {
    collectors: [files, ...others.map((collector) => placed<unknown>(collector))],
    facts: () => ({
      schema: FACTS_SCHEMA,
      ...files.finish(),
      ...secrets.finish(),
      secretsScanned: withSecrets,
      ...packages.finish(),
    }),
  };
}

function atPlace(entry: LayerEntry, path: string | undefined): LayerEntry {
  return path === undefined || path === entry.path ? entry : { path, entry: entry.entry };
}

/**
 * By layer, what is to be known that was not kept while it was read, since other layers or links
 * decide: passwd and os-release may be links to a file, a hard link made one executable, packages
 * are recorded in a file that only links name.
 */
export function closerLooks(tree: FileTree): ReadonlyMap<Digest, CloserLook> {
  const sizes = closerSizes(tree);
  const records = linkedRecords(tree);
  return new Map(
    [...new Set([...sizes.keys(), ...records.keys()])].map((layer) => [
      layer,
      {
        sizes: [...(sizes.get(layer) ?? [])].sort((a, b) => a - b),
        records: records.get(layer) ?? {},
      },
    ]),
  );
}

function closerSizes(tree: FileTree): ReadonlyMap<Digest, ReadonlySet<number>> {
  const looks = new Map<Digest, Set<number>>();
  const look = ({ layer, size }: Place): void => {
    looks.set(layer, (looks.get(layer) ?? new Set()).add(size));
  };
  for (const path of [PASSWD, ...OS_RELEASES]) {
    const file = tree.find(path, true)?.inode;
    if (file?.kind !== 'f' || file.size > MOST_TEXT) continue;
    if (file.attributes?.text === undefined) look(file);
  }
  if (tree.hasUnread)
    for (const place of tree.places())
      if (place.kind === 'f' && place.attributes?.unread === true) look(place);
  return looks;
}

/** What the layers of an image say together. */
export interface ImageContent {
  readonly filesystem: FilesystemFact;
  readonly packages: readonly Package[];
  /** Records of packages that could not be read: with any, `packages` may lack some. */
  readonly unreadablePackages: readonly UnreadablePackages[];
  readonly secrets: SecretsFact;
}

/** Folds facts of layers, lowest first, with `otherSecrets` from outside. `tree` has all layers. */
export function foldLayers(
  layers: readonly PlacedLayer[],
  otherSecrets: FoundSecrets = { findings: [], gaps: [] },
  tree: FileTree = new FileTree(layers),
): ImageContent {
  const filesystem = filesystemFact(tree);
  const { packages, unreadable } = catalogue(tree, layers, filesystem.osRelease);
  return {
    filesystem,
    packages,
    unreadablePackages: unreadable,
    secrets: secretsFact(tree, layers, otherSecrets),
  };
}
