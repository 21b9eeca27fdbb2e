import { availableParallelism } from 'node:os';
import { FileTree } from '../facts/filesystem.ts';
import {
  type CloserLook,
  FACTS_SCHEMA,
  isLayerFacts,
  type LayerFacts,
  type PlacedLayer,
} from '../facts/layer-facts.ts';
import { closerLooks, collectLayer, foldLayers, type ImageContent } from '../facts/layer-files.ts';
import { configSecrets, joined } from '../facts/secrets/document-secrets.ts';
import { type CacheHome, openCache } from '../image/caches.ts';
import { Walk, walkLayer } from '../image/walk/layer-walk.ts';
import { checkLayerType, fileBlocks, type UnpackedBlob } from '../image/walk/unpack-layer.ts';
import { inParallel } from '../lib/parallel.ts';
import type { PipelineContext } from '../model/context.ts';
import type { FoundSecrets } from '../model/facts.ts';
import type { Descriptor, FileRange, ImageConfig } from '../model/image.ts';
import type { Digest } from '../model/reference.ts';
import { workerFile } from '../normalize/compressor.ts';
import { UnpackThread } from './unpack-thread.ts';

export interface LayerOrigin {
  readonly openLayer: (blob: Descriptor) => Promise<AsyncIterable<Uint8Array>>;
  /** Where the blob is in a file, which a thread then reads itself; undefined if in no file. */
  readonly layerFile?: (blob: Descriptor) => Promise<FileRange | undefined>;
}

export interface ImageLayer {
  readonly blob: Descriptor;
  readonly diffId: Digest;
}

export interface InspectOptions {
  /** Where facts are kept; undefined reads every layer. */
  readonly cache: (CacheHome & Pick<PipelineContext, 'layerFacts'>) | undefined;
  readonly signal: AbortSignal;
  /** False leaves out the scan for secrets. */
  readonly secrets?: boolean;
  readonly closer?: ReadonlyMap<Digest, CloserLook>;
  /** A second thread unpacks; where not given, if that is worth it. */
  readonly hasThread?: boolean;
  /** The bundle of the thread's code; this thread unpacks where there is none. */
  readonly workerFile?: URL | undefined;
}

interface InspectedLayers {
  /** One for each layer, in their order. */
  readonly facts: readonly LayerFacts[];
  /** Layers that were read now; the others' facts were there. */
  readonly read: number;
}

/** Compressed bytes: unpacking fewer takes less than a new thread needs until it is fast. */
const WORTH_A_THREAD = 16 * 1024 * 1024;

interface Task extends ImageLayer {
  /** Key of the kept facts, with the diffID: another claim about the same blob must be checked. */
  readonly key: string;
  readonly secrets: boolean;
  readonly closer: CloserLook | undefined;
}

/**
 * The facts of layers, each read once in its life and kept by its digest. Where they are large, a
 * second thread unpacks and this one collects, with the same facts. Digest and diffID of what is
 * read are verified. Throws UserError where a layer cannot be read or is another, and the signal's
 * reason on an abort.
 */
export async function inspectLayers(
  layers: readonly ImageLayer[],
  origin: LayerOrigin,
  options: InspectOptions,
): Promise<InspectedLayers> {
  const { cache: home, signal } = options;
  const cache = home && (home.layerFacts ?? openCache(home, 'facts', FACTS_SCHEMA));
  const tasks = layers.map((layer) => taskOf(layer, options));
  const known = new Map<string, LayerFacts>();
  await inParallel([...new Set(tasks.map(({ key }) => key))], 8, async (key) => {
    const facts = await cache?.get(key);
    if (isLayerFacts(facts)) known.set(key, facts);
  });
  const unknown = new Map(tasks.filter(({ key }) => !known.has(key)).map((one) => [one.key, one]));
  signal.throwIfAborted();
  const file = 'workerFile' in options ? options.workerFile : workerFile('layer-worker');
  const hasThread = file !== undefined && (options.hasThread ?? isThreadWorthIt(unknown.values()));
  const thread = hasThread ? new UnpackThread(file) : undefined;
  const onAbort = (): void => thread?.fail(signal.reason as Error);
  signal.addEventListener('abort', onAbort);
  try {
    for (const task of unknown.values()) {
      signal.throwIfAborted();
      const facts = await readLayer(task, origin, signal, thread);
      known.set(task.key, facts);
      await cache?.set(task.key, facts);
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    await thread?.close();
  }
  return { facts: tasks.flatMap(({ key }) => known.get(key) ?? []), read: unknown.size };
}

function taskOf({ blob, diffId }: ImageLayer, options: InspectOptions): Task {
  const { secrets = true } = options;
  const { digest, mediaType } = blob;
  checkLayerType(mediaType, digest);
  const closer = options.closer?.get(digest);
  const looks = closer === undefined ? [] : [JSON.stringify(closer)];
  const key = [digest, diffId, ...(secrets ? [] : ['without secrets']), ...looks].join(' ');
  return { blob, diffId, key, secrets, closer };
}

/**
 * Keeps the facts of a layer that is being written, so that nobody has to unpack it: `write` passes
 * its plain bytes on. Throws what `write` throws, and UserError for content that no engine unpacks.
 */
export async function collectWhile<T extends UnpackedBlob>(
  home: CacheHome,
  write: (push: (plain: Uint8Array) => void) => Promise<T>,
): Promise<T> {
  const { collectors, facts } = collectLayer();
  const walk = new Walk({ collectors });
  walk.start(true);
  const layer = await write((plain) => {
    walk.push(plain);
  });
  const { digest, diffId } = walk.finish(layer);
  await openCache(home, 'facts', FACTS_SCHEMA).set(`${digest} ${diffId}`, facts());
  return layer;
}

/** A layer's facts, digest and diffID verified; `thread` unpacks it if there is one. */
async function readLayer(
  { blob, diffId, secrets, closer }: Task,
  origin: LayerOrigin,
  signal: AbortSignal,
  thread: UnpackThread | undefined,
): Promise<LayerFacts> {
  const { digest, mediaType } = blob;
  const file = await origin.layerFile?.(blob);
  const collection = collectLayer({ secrets, closer });
  const layer = {
    open: () => (file === undefined ? origin.openLayer(blob) : fileBlocks(file)),
    mediaType,
    collectors: collection.collectors,
    expectedDigest: digest,
    expectedDiffId: diffId,
    signal,
  };
  // Searching for secrets takes longer than unpacking: then the diffID is computed there.
  const job = { mediaType, digest, hashesPlain: secrets };
  await walkLayer(
    layer,
    thread && ((sink) => thread.unpack(job, file ?? (() => origin.openLayer(blob)), sink)),
  );
  return collection.facts();
}

function isThreadWorthIt(tasks: Iterable<Task>): boolean {
  const bytes = [...tasks].reduce((sum, { blob }) => sum + blob.size, 0);
  return availableParallelism() > 1 && bytes >= WORTH_A_THREAD;
}

interface InspectContent {
  readonly secrets?: boolean;
  readonly elsewhere?: readonly FoundSecrets[];
}

interface Inspected {
  readonly content: ImageContent;
  /** Layers that were read now; the others' facts were there. */
  readonly read: number;
}

/**
 * Content of a platform's layers, and secrets of its configuration. `secrets: false` skips the scan
 * of the layers. `elsewhere` are secrets found outside of both. Throws as `inspectLayers` does.
 */
export async function inspectPlatform(
  context: CacheHome & Pick<PipelineContext, 'signal' | 'layerFacts'>,
  origin: LayerOrigin,
  platform: { readonly config: ImageConfig; readonly layers: readonly ImageLayer[] },
  { secrets = true, elsewhere = [] }: InspectContent = {},
): Promise<Inspected> {
  const { layers, config } = platform;
  const inspect = { cache: context, signal: context.signal, secrets };
  const { facts, read } = await inspectLayers(layers, origin, inspect);
  let placed = placedLayers(layers, facts);
  let tree = new FileTree(placed);
  const closer = closerLooks(tree);
  if (closer.size > 0) {
    const again = await inspectLayers(layers, origin, { ...inspect, closer });
    placed = placedLayers(layers, again.facts);
    tree = new FileTree(placed);
  }
  return { content: foldLayers(placed, joined([configSecrets(config), ...elsewhere]), tree), read };
}

function placedLayers(layers: readonly ImageLayer[], facts: readonly LayerFacts[]): PlacedLayer[] {
  return facts.flatMap((layer, i) => {
    const digest = layers[i]?.blob.digest;
    return digest === undefined ? [] : [{ digest, facts: layer }];
  });
}
