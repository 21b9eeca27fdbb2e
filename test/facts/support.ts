import type { LayerFacts, PlacedLayer } from '../../src/facts/layer-facts.ts';
import { collectLayer, foldLayers, type ImageContent } from '../../src/facts/layer-files.ts';
import type { SecretFinding } from '../../src/model/facts.ts';
import { type LayerEntry, plainEntry, type TarEntry } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';

/** An entry by its path and what is not usual about it. */
export interface Item extends Partial<Omit<TarEntry, 'name' | 'size'>> {
  readonly path: string;
  readonly content?: string | Uint8Array;
}

export const ELF = new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]);

/** An ELF file of `size` bytes with a text in its middle. */
export function elfWith(text: string, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set(ELF);
  bytes.set(Buffer.from(text, 'latin1'), Math.floor(size / 2));
  return bytes;
}

export function file(path: string, content: string | Uint8Array = '', mode = 0o644): Item {
  return { path, content, mode };
}

export function program(path: string, content: string | Uint8Array = ELF, mode = 0o755): Item {
  return { path, content, mode };
}

export function link(path: string, linkname: string): Item {
  return { path, type: 'symlink', linkname, mode: 0o777 };
}

/** As tar writes it: with the mode of what it shares, which an engine gives the file again. */
export function hardlink(path: string, linkname: string, mode = 0o755): Item {
  return { path, type: 'hardlink', linkname, mode };
}

export function folder(path: string): Item {
  return { path, type: 'directory', mode: 0o755 };
}

export function entryOf({ path, content, ...rest }: Item): LayerEntry {
  const size = content === undefined ? 0 : Buffer.from(content).length;
  const entry = { ...plainEntry(path, 'file', size, 0o644), ...rest };
  return { path, entry };
}

/** Small and odd, so that what is read as a stream is cut in many places. */
const CHUNK = 1021;

/** The facts of a layer, its entries handed to the collectors as the walk does. */
export function layerFacts(
  items: readonly Item[],
  options: { readonly secrets?: boolean } = {},
): LayerFacts {
  const collection = collectLayer(options);
  for (const item of items) {
    const found = entryOf(item);
    const bytes = item.content === undefined ? new Uint8Array() : Buffer.from(item.content);
    for (const collector of collection.collectors) {
      const wish = collector.wants(found);
      if (wish.want === 'stream')
        for (let at = 0; at < bytes.length; at += CHUNK)
          collector.chunk?.(bytes.subarray(at, at + CHUNK));
      const size = wish.want === 'all' ? wish.cap : wish.want === 'head' ? wish.bytes : 0;
      const content = size === 0 ? undefined : bytes.subarray(0, size);
      collector.visit(found, content, content !== undefined && bytes.length > size);
    }
  }
  // What is cached is what JSON keeps.
  return JSON.parse(JSON.stringify(collection.facts())) as LayerFacts;
}

/** Layers, lowest first, each with a digest of its own. */
export function placed(...layers: readonly (readonly Item[])[]): readonly PlacedLayer[] {
  return layers.map((items, index) => ({
    digest: digestOf(`layer ${index}`),
    facts: layerFacts(items),
  }));
}

export function image(...layers: readonly (readonly Item[])[]): ImageContent {
  return foldLayers(placed(...layers));
}

export function imageWith(
  secrets: readonly SecretFinding[],
  ...layers: readonly (readonly Item[])[]
): ImageContent {
  return foldLayers(placed(...layers), { findings: secrets, gaps: [] });
}
