import { createHash, type Hash } from 'node:crypto';
import { FileTree, type Place } from '../../../src/facts/filesystem.ts';
import type { PlacedLayer } from '../../../src/facts/layer-facts.ts';
import { collectLayer } from '../../../src/facts/layer-files.ts';
import { walkLayer } from '../../../src/image/walk/layer-walk.ts';
import { messageOf } from '../../../src/lib/errors.ts';
import type { LayerCollector } from '../../../src/model/image.ts';
import { digestOf } from '../../../src/model/reference.ts';
import { craftTar } from './craft-tar.ts';
import type { Stack } from './crafted-layer.ts';
import { byteText, ENGINE_OWN } from './exported-tree.ts';
import { packed } from './pack-layer.ts';
import type { Answer, SeenPlace, SeenTree } from './seen-tree.ts';

/**
 * Contents by their size: those of crafted layers mostly have another; undefined where two share
 * one.
 */
type Contents = Map<number, string | undefined>;

function contentCollector(contents: Contents): LayerCollector<undefined> {
  let hash: Hash = createHash('sha256');
  return {
    name: 'contents',
    wants: () => {
      hash = createHash('sha256');
      return { want: 'stream' };
    },
    chunk: (bytes) => hash.update(bytes),
    visit: ({ entry }) => {
      if (entry.type !== 'file') return;
      const content = hash.digest('hex').slice(0, 16);
      const isOnly = !contents.has(entry.size) || contents.get(entry.size) === content;
      contents.set(entry.size, isOnly ? content : undefined);
    },
    finish: () => undefined,
  };
}

/** What we make of a stack. */
export async function ourAnswer(stack: Stack): Promise<Answer> {
  const contents: Contents = new Map();
  const layers: PlacedLayer[] = [];
  try {
    for (const layer of stack) {
      const plain = craftTar(layer);
      const bytes = packed(plain, layer.packing);
      const digest = digestOf(bytes);
      const collection = collectLayer();
      await walkLayer({
        ...collection,
        collectors: [...collection.collectors, contentCollector(contents)],
        open: () => blocksOf(bytes),
        mediaType: 'application/vnd.oci.image.layer.v1.tar',
        expectedDigest: digest,
        expectedDiffId: digestOf(plain),
      });
      layers.push({ digest, facts: collection.facts() });
    }
    return { tree: seenTree(new FileTree(layers), contents) };
  } catch (error) {
    return { refused: messageOf(error) };
  }
}

async function* blocksOf(bytes: Buffer): AsyncIterable<Uint8Array> {
  await Promise.resolve();
  yield bytes;
}

function seenTree(tree: FileTree, contents: Contents): SeenTree {
  const seen: Record<string, SeenPlace> = {};
  for (const place of tree.places()) {
    const path = byteText(place.path);
    if (!ENGINE_OWN.test(path)) seen[path] = seenPlace(place, contents);
  }
  return seen;
}

function seenPlace({ inode: at }: Place, contents: Contents): SeenPlace {
  const { kind, attributes } = at;
  if (kind === 'l') return { kind, target: byteText(at.link) };
  const owner =
    attributes === undefined
      ? {}
      : { mode: attributes.mode, uid: attributes.uid, gid: attributes.gid };
  if (kind === 'd') return { kind, ...owner };
  if (kind !== 'f') return { kind: 'x' };
  const content = contents.get(at.size);
  return {
    kind,
    size: at.size,
    ...(content === undefined ? {} : { content }),
    ...owner,
    ...(attributes?.capabilities === undefined
      ? {}
      : { capabilities: attributes.capabilities.join(' ') }),
  };
}
