import { createHash } from 'node:crypto';
import type { FinalImage, FinalPlatform } from '../build/image-under-build.ts';
import type { Built } from '../build/states.ts';
import type { BlobStore } from '../image/blob-store.ts';
import { layersOf, openStored } from '../image/layout/open-layout.ts';
import { layerPath } from '../image/tar/tar-header.ts';
import { TarReader } from '../image/tar/tar-reader.ts';
import { plainLayer } from '../image/walk/unpack-layer.ts';
import { given } from '../lib/json.ts';
import { byCodeUnit } from '../lib/text.ts';
import {
  fetchedFiles,
  type FetchedPackage,
  type Fetches,
  packageOfAddress,
} from '../model/build-analysis.ts';
import type { TarEntry } from '../model/image.ts';
import { type DownloadedFile, purlText } from '../model/packages.ts';
import type { Digest } from '../model/reference.ts';

/** In bytes: smaller files may be equal by chance, empty ones always are. */
const SMALLEST = 64;

/** The origin of a file with a digest. */
type Origin = Pick<DownloadedFile, 'address' | 'name' | 'version' | 'purl'>;

/** Downloads in each platform's own layers; none unless recorded and an SBOM is wanted. */
export async function downloadsOfImage(
  { plan, store, recording }: Pick<Built, 'plan' | 'store' | 'recording'>,
  image: FinalImage,
): Promise<ReadonlyMap<FinalPlatform, readonly DownloadedFile[]>> {
  if (recording === undefined || !plan.attest.sbom.on) return new Map();
  const stored = await openStored(store.blobs, image.index);
  const found = new Map<FinalPlatform, readonly DownloadedFile[]>();
  for (const platform of image.platforms) {
    const layers = layersOf(stored, platform).slice(platform.baseLayers);
    const own = layers.map(({ blob }) => blob.digest);
    found.set(platform, await downloadsLeft(store.blobs, own, recording.fetches));
  }
  return found;
}

/**
 * Files that equal, byte for byte, something that the build fetched, after all layers (lowest
 * first) are applied. Unpacked or changed content is not found. Sorted by path.
 */
export async function downloadsLeft(
  blobs: BlobStore,
  layers: readonly Digest[],
  fetches: Fetches,
): Promise<readonly DownloadedFile[]> {
  const known = new Map<string, Origin>();
  const sizes = new Set<number>();
  for (const { fetch, asked } of fetchedFiles(fetches)) {
    const found = fetch.size < SMALLEST ? undefined : packageOfAddress(asked);
    if (found === undefined || known.has(fetch.digest)) continue;
    sizes.add(fetch.size);
    known.set(fetch.digest, { address: asked, ...namesOf(found, asked, fetch.digest) });
  }
  if (known.size === 0) return [];
  const files = new Map<string, DownloadedFile>();
  for (const layer of layers) await readLayer(blobs, layer, sizes, known, files);
  return [...files.values()].sort((a, b) => byCodeUnit(a.path, b.path));
}

async function readLayer(
  blobs: BlobStore,
  layer: Digest,
  sizes: ReadonlySet<number>,
  known: ReadonlyMap<string, Origin>,
  files: Map<string, DownloadedFile>,
): Promise<void> {
  let current: { readonly path: string; readonly hash: ReturnType<typeof createHash> } | undefined;
  const found: DownloadedFile[] = [];
  const reader = new TarReader({
    onEntry: (entry: TarEntry) => {
      const path = layerPath(entry.name);
      if (path === undefined) return;
      covered(files, path, entry.type === 'directory');
      current =
        entry.type === 'file' && sizes.has(entry.size)
          ? { path, hash: createHash('sha256') }
          : undefined;
    },
    onContent: (chunk) => void current?.hash.update(chunk),
    onEntryEnd: () => {
      if (current === undefined) return;
      const digest = `sha256:${current.hash.digest('hex')}` as Digest;
      const origin = known.get(digest);
      if (origin !== undefined) found.push({ ...origin, path: current.path, layer, digest });
      current = undefined;
    },
  });
  for await (const chunk of plainLayer(blobs, layer)) reader.push(chunk);
  reader.end();
  for (const file of found) files.set(file.path, file);
}

/** Removes what a higher layer's entry covers or removes (OCI image specification, "Whiteouts"). */
function covered(files: Map<string, DownloadedFile>, path: string, isFolder: boolean): void {
  const at = path.lastIndexOf('/') + 1;
  const [folder, name] = [path.slice(0, at), path.slice(at)];
  const removeBelow = (start: string): void => {
    for (const known of files.keys()) if (known.startsWith(start)) files.delete(known);
  };
  if (name === '.wh..wh..opq') {
    removeBelow(folder);
    return;
  }
  const gone = name.startsWith('.wh.') ? `${folder}${name.slice('.wh.'.length)}` : path;
  files.delete(gone);
  if (!isFolder) removeBelow(`${gone}/`);
}

/**
 * GitHub's releases have a type of their own; a file without a registry is `generic` with its
 * address.
 */
function namesOf(
  { type, name, version }: FetchedPackage,
  address: string,
  digest: Digest,
): Omit<Origin, 'address'> {
  const isPlain = type === 'generic' || type === 'github';
  const purl = purlText({
    // A distribution's package needs its distribution, which is not in an address.
    type: /^(?:deb|rpm|apk)$/.test(type) ? 'generic' : type,
    path: name.split('/'),
    version: version ?? '',
    qualifiers: { checksum: digest, download_url: isPlain ? address : undefined },
  });
  return { name, ...given({ version }), purl };
}
