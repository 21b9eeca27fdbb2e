import type { LayerFacts } from '../../facts/layer-facts.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { FileRange } from '../../model/walk.ts';
import { newRing, PlainReader, PlainWriter } from '../../oci/walk/walk-ring.ts';
import { Follows } from './layer-messages.ts';
import { LayerThread } from './layer-thread.ts';
import type { LayerRequest } from './read-layer.ts';

/** Where layers' bytes come from. */
export interface LayerOrigin {
  readonly openLayer: (blob: Descriptor) => Promise<AsyncIterable<Uint8Array>>;
  /** Where the blob lies in a file; undefined where it does not. A thread reads it by itself then. */
  readonly layerFile?: (blob: Descriptor) => Promise<FileRange | undefined>;
}

/** A layer to read. */
export interface LayerTask {
  readonly blob: Descriptor;
  readonly request: LayerRequest;
}

type Found<T> = (task: T, facts: LayerFacts) => Promise<void>;
type Open = () => Promise<AsyncIterable<Uint8Array>>;

/** How much more than its even share of the threads a layer must hold for two of them to take half of its work each. */
const DOMINANT = 1.2;

/** In a file, or to be opened. */
export async function sourceOf(
  { blob }: LayerTask,
  origin: LayerOrigin,
): Promise<FileRange | Open> {
  return (await origin.layerFile?.(blob)) ?? (() => origin.openLayer(blob));
}

/**
 * Reads layers in `count` threads, the largest first, so that none is left with one while the others have ended; where one layer is most of
 * the work, one thread unpacks it and another reads what comes out. The first failure, or an abort, ends all at once.
 */
export async function readInThreads<T extends LayerTask>(
  file: URL,
  count: number,
  tasks: readonly T[],
  origin: LayerOrigin,
  signal: AbortSignal,
  found: Found<T>,
): Promise<void> {
  const queue = [...tasks].sort((a, b) => b.blob.size - a.blob.size);
  const threads = Array.from({ length: Math.min(count, 2 * tasks.length) }, () => {
    return new LayerThread(file);
  });
  const ended = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { signal: ended.signal });
  });
  try {
    await Promise.race([readQueue(queue, threads, origin, found), aborted]);
  } finally {
    ended.abort();
    queue.length = 0;
    await Promise.all(threads.map((thread) => thread.close()));
  }
}

async function readQueue<T extends LayerTask>(
  queue: T[],
  threads: readonly LayerThread[],
  origin: LayerOrigin,
  found: Found<T>,
): Promise<void> {
  const lane = async (thread: LayerThread): Promise<void> => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift())
      await found(task, await readWhole(task, thread, origin));
  };
  const pairLane = async (task: T, pair: readonly [LayerThread, LayerThread]): Promise<void> => {
    await found(task, await readInHalves(task, pair, origin));
    await Promise.all(pair.map(lane));
  };
  const work: Promise<void>[] = [];
  const free = [...threads];
  for (let task = dominantOf(queue, free.length); task; task = dominantOf(queue, free.length)) {
    const [unpacker, reader] = free.splice(0, 2);
    queue.shift();
    if (unpacker !== undefined && reader !== undefined)
      work.push(pairLane(task, [unpacker, reader]));
  }
  await Promise.all([...work, ...free.map(lane)]);
}

/** The queue's first, where it would keep one thread busy when the others have nothing left. */
function dominantOf<T extends LayerTask>(queue: readonly T[], threads: number): T | undefined {
  const [first] = queue;
  if (first === undefined || threads < 2) return undefined;
  const bytes = queue.reduce((sum, { blob }) => sum + blob.size, 0);
  return first.blob.size > (DOMINANT * bytes) / threads ? first : undefined;
}

async function readWhole(
  task: LayerTask,
  thread: LayerThread,
  origin: LayerOrigin,
): Promise<LayerFacts> {
  const source = await sourceOf(task, origin);
  const { request } = task;
  return factsOf(
    typeof source === 'function'
      ? await thread.run({ kind: 'read', request, file: undefined }, source)
      : await thread.run({ kind: 'read', request, file: source }),
  );
}

async function readInHalves(
  task: LayerTask,
  [unpacker, reader]: readonly [LayerThread, LayerThread],
  origin: LayerOrigin,
): Promise<LayerFacts> {
  const source = await sourceOf(task, origin);
  const { request } = task;
  const shared = newRing();
  const file = typeof source === 'function' ? undefined : source;
  const unpacked = unpacker
    .run(
      { kind: 'unpack', request, file, shared },
      typeof source === 'function' ? source : undefined,
    )
    .catch((error: unknown) => {
      // It may have died, and the other would wait for ever.
      new PlainWriter(shared).fail();
      throw error;
    });
  const read = reader.run({ kind: 'read-unpacked', request, shared }).catch((error: unknown) => {
    new PlainReader(shared).abandon();
    throw error;
  });
  const [first, second] = await Promise.allSettled([unpacked, read]);
  // What the reader met lies in front of what the unpacker met, as when one thread does both.
  if (second.status === 'rejected' && !(second.reason instanceof Follows)) throw second.reason;
  if (first.status === 'rejected') throw first.reason;
  if (second.status === 'rejected') throw second.reason;
  return factsOf(second.value);
}

function factsOf(facts: LayerFacts | undefined): LayerFacts {
  if (facts === undefined) throw new Error('a thread gave no facts');
  return facts;
}
