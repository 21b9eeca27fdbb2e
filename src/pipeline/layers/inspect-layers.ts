import { availableParallelism } from 'node:os';
import {
  type CloserLook,
  FACTS_SCHEMA,
  isLayerFacts,
  type LayerFacts,
} from '../../facts/layer-facts.ts';
import type { Digest } from '../../model/digest.ts';
import { inParallel } from '../../model/in-parallel.ts';
import type { Descriptor } from '../../model/oci.ts';
import { workerFile } from '../../normalise/worker-file.ts';
import { type CacheHome, openCache, type JsonCache } from '../../oci/layout/caches.ts';
import { fileBlocks } from '../../oci/walk/walk-blocks.ts';
import { checkLayerType } from '../../oci/walk/walk-unpack.ts';
import { type LayerOrigin, type LayerTask, readInThreads, sourceOf } from './layer-threads.ts';
import { readLayer } from './read-layer.ts';

export interface ImageLayer {
  readonly blob: Descriptor;
  readonly diffId: Digest;
}

export interface InspectOptions {
  /** Where facts are kept; undefined reads every layer. */
  readonly cache: CacheHome | undefined;
  readonly signal: AbortSignal;
  /** False leaves out the scan for secrets. */
  readonly secrets?: boolean;
  readonly closer?: ReadonlyMap<Digest, CloserLook>;
  /** Threads at most, 0 for this one alone; as many as are worth it where not given. */
  readonly threads?: number;
  /** The bundle of the threads' code; this thread reads where there is none. */
  readonly workerFile?: URL | undefined;
}

interface InspectedLayers {
  /** One for each layer, in their order. */
  readonly facts: readonly LayerFacts[];
  /** Layers that were read now; the others' facts were there. */
  readonly read: number;
}

/** More threads would hold more than 300 MB together, and few images have more layers of size. */
const MOST_THREADS = 4;
/** Compressed bytes read here in the 100 ms of CPU that a new thread needs until it reads fast. */
const WORTH_A_THREAD = 8 * 1024 * 1024;

interface Task extends LayerTask {
  /** Key of the kept facts, with the diffID: another claim about the same blob must be checked. */
  readonly key: string;
}

/**
 * The facts of layers, each read once in its life and kept by its digest; large ones are read at
 * once, in threads. The facts are the same whatever the number of threads. Digest and diffID of
 * what is read are verified. Throws UserError where a layer cannot be read or is another, and the
 * signal's reason on an abort.
 */
export async function inspectLayers(
  layers: readonly ImageLayer[],
  origin: LayerOrigin,
  options: InspectOptions,
): Promise<InspectedLayers> {
  const cache =
    options.cache === undefined ? undefined : openCache(options.cache, 'facts', FACTS_SCHEMA);
  const tasks = new Map<string, Task>();
  for (const layer of layers) {
    const task = taskOf(layer, options);
    tasks.set(task.key, task);
  }
  const known = await knownFacts([...tasks.keys()], cache);
  const unknown = [...tasks.values()].filter((task) => !known.has(task.key));
  const found = new Map<string, LayerFacts>();
  await readAll(unknown, origin, options, async ({ key }, facts) => {
    found.set(key, facts);
    await cache?.set(key, facts);
  });
  const facts = layers.flatMap((layer) => {
    const { key } = taskOf(layer, options);
    return known.get(key) ?? found.get(key) ?? [];
  });
  return { facts, read: found.size };
}

function taskOf({ blob, diffId }: ImageLayer, options: InspectOptions): Task {
  const { secrets = true } = options;
  const { digest, mediaType } = blob;
  checkLayerType(mediaType, digest);
  const closer = options.closer?.get(digest);
  const looks = closer === undefined ? [] : [JSON.stringify(closer)];
  const key = [digest, diffId, ...(secrets ? [] : ['without secrets']), ...looks].join(' ');
  return { blob, request: { mediaType, digest, diffId, secrets, closer }, key };
}

async function knownFacts(
  keys: readonly string[],
  cache: JsonCache | undefined,
): Promise<ReadonlyMap<string, LayerFacts>> {
  const known = new Map<string, LayerFacts>();
  await inParallel(keys, 8, async (key) => {
    const facts = await cache?.get(key);
    if (isLayerFacts(facts)) known.set(key, facts);
  });
  return known;
}

type Found = (task: Task, facts: LayerFacts) => Promise<void>;

async function readAll(
  tasks: readonly Task[],
  origin: LayerOrigin,
  options: InspectOptions,
  found: Found,
): Promise<void> {
  const { signal } = options;
  signal.throwIfAborted();
  const file = 'workerFile' in options ? options.workerFile : workerFile('layer-worker');
  const count = file === undefined ? 0 : (options.threads ?? worthwhileThreads(tasks));
  if (file !== undefined && count > 0)
    await readInThreads(file, count, tasks, origin, signal, found);
  else
    for (const task of tasks) {
      signal.throwIfAborted();
      const source = await sourceOf(task, origin);
      const open = typeof source === 'function' ? source : () => fileBlocks(source);
      await found(task, await readLayer(task.request, open, { signal }));
    }
}

function worthwhileThreads(tasks: readonly Task[]): number {
  const bytes = tasks.reduce((sum, { blob }) => sum + blob.size, 0);
  const most = Math.min(availableParallelism(), MOST_THREADS);
  const count = Math.min(most, Math.floor(bytes / WORTH_A_THREAD));
  // One would read no sooner than this thread does.
  return count < 2 ? 0 : count;
}
