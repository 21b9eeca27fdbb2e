import { join } from 'node:path';
import type { Descriptor } from '../../model/oci.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { parseManifest } from '../documents.ts';
import {
  missingLayers,
  readTaggedEntries,
  taggedEntries,
  writeTaggedManifest,
} from '../legacy-signature.ts';
import { readLayoutIndex } from './layout-choice.ts';
import { namesOf } from './layout-entries.ts';
import { smallFile } from './small-file.ts';

/** What a folder's layout lists; empty if none. Throws UserError if its index cannot be read. */
export async function layoutEntries(folder: string): Promise<readonly Descriptor[]> {
  const bytes = await smallFile(join(folder, 'index.json'));
  return bytes === undefined ? [] : readLayoutIndex(bytes, folder).entries;
}

/**
 * The entries of a layout that has `added` beside what it listed `before`: a name leads to the new
 * image, signatures under one tag of cosign's are those of both, all else stays. Their blobs are in
 * the layout already.
 */
export async function mergedEntries(
  blobs: BlobStore,
  before: readonly Descriptor[],
  added: readonly Descriptor[],
): Promise<readonly Descriptor[]> {
  const there = new Map(before.map((entry) => [nameOf(entry), entry]));
  const merged: Descriptor[] = [];
  for (const entry of added) {
    const other = there.get(nameOf(entry));
    there.delete(nameOf(entry));
    merged.push(other === undefined ? entry : await mergedEntry(blobs, other, entry));
  }
  return [...there.values(), ...merged];
}

/** The full name of an entry, else its tag, else its digest. */
function nameOf(entry: Descriptor): string {
  return namesOf(entry)[0] ?? entry.digest;
}

async function mergedEntry(
  blobs: BlobStore,
  there: Descriptor,
  added: Descriptor,
): Promise<Descriptor> {
  const [tagged] = readTaggedEntries([added]);
  if (tagged === undefined || there.digest === added.digest) return added;
  // cosign reads one SBOM under a tag and no more: what is there stays.
  if (tagged.tag.endsWith('.sbom')) return there;
  const [first, second] = await Promise.all(
    [there, added].map(
      async (entry) => parseManifest(await blobs.readDocument(entry), tagged.tag).layers,
    ),
  );
  const layers = [...(first ?? []), ...missingLayers(first ?? [], second ?? [])];
  const descriptor = await writeTaggedManifest(blobs, layers);
  const [entry = added] = taggedEntries([{ tag: tagged.tag, descriptor }]);
  return entry;
}
