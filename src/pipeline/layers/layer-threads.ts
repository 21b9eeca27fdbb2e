import type { LayerFacts } from '../../facts/layer-facts.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { FileRange } from '../../model/walk.ts';
import { newRing, PlainReader, PlainWriter, UnpackingFailed } from '../../oci/walk/walk-ring.ts';
import { Follows } from './layer-messages.ts';
import { LayerThread } from './layer-thread.ts';
import { type LayerRequest, readUnpacked } from './read-layer.ts';

/** Where layers' bytes come from. */
export interface LayerOrigin {
  readonly openLayer: (blob: Descriptor) => Promise<AsyncIterable<Uint8Array>>;
  /** Where the blob is in a file, which a thread then reads itself; undefined if in no file. */
  readonly layerFile?: (blob: Descriptor) => Promise<FileRange | undefined>;
}

/** A layer to read. */
export interface LayerTask {
  readonly blob: Descriptor;
  readonly request: LayerRequest;
}

type Found<T> = (task: T, facts: LayerFacts) => Promise<void>;
type Open = () => Promise<AsyncIterable<Uint8Array>>;

/** In a file, or to be opened. */
export async function sourceOf(
  { blob }: LayerTask,
  origin: LayerOrigin,
): Promise<FileRange | Open> {
  return (await origin.layerFile?.(blob)) ?? (() => origin.openLayer(blob));
}

/**
 * Reads layers, the largest first, each in two halves at once: one thread unpacks it, another
 * hashes and collects what comes out. Of the first pair the latter is this thread, whose code is
 * there: compiling the same code in two threads costs more than what is left of it where one waits
 * for the other. `count` threads work at most, two at least. The first failure, or an abort, ends
 * all at once.
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
  const pairs = Math.max(1, Math.min(count >> 1, tasks.length));
  const threads = Array.from({ length: 2 * pairs - 1 }, () => new LayerThread(file));
  const ended = new AbortController();
  const end = AbortSignal.any([signal, ended.signal]);
  const lane = async (unpacker: LayerThread, reader: LayerThread | undefined): Promise<void> => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift())
      await found(task, await readInHalves(task, unpacker, reader ?? end, origin));
  };
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { signal: ended.signal });
  });
  try {
    const lanes: Promise<void>[] = [];
    for (let at = 0; at < threads.length; at += 2) {
      const [unpacker, reader] = [threads[at], threads[at - 1]];
      if (unpacker !== undefined) lanes.push(lane(unpacker, reader));
    }
    await Promise.race([Promise.all(lanes), aborted]);
  } finally {
    ended.abort();
    queue.length = 0;
    await Promise.all(threads.map((thread) => thread.close()));
  }
}

/** `reader`: a thread, or what ends this one's reading. */
async function readInHalves(
  task: LayerTask,
  unpacker: LayerThread,
  reader: LayerThread | AbortSignal,
  origin: LayerOrigin,
): Promise<LayerFacts> {
  const source = await sourceOf(task, origin);
  const { request } = task;
  const shared = newRing();
  const file = typeof source === 'function' ? undefined : source;
  const fail = (): void => {
    new PlainWriter(shared).fail();
  };
  const unpacked = unpacker
    .run(
      { kind: 'unpack', request, file, shared },
      typeof source === 'function' ? source : undefined,
    )
    .catch((error: unknown) => {
      // It may have died, and the other would wait for ever.
      fail();
      throw error;
    });
  const reading =
    reader instanceof LayerThread
      ? reader.run({ kind: 'read-unpacked', request, shared })
      : readHere(shared, request, reader, fail);
  const read = reading.catch((error: unknown) => {
    new PlainReader(shared).abandon();
    throw error;
  });
  const [first, second] = await Promise.allSettled([unpacked, read]);
  // What the reader met lies in front of what the unpacker met, as when one thread does both.
  if (second.status === 'rejected' && !follows(second.reason)) throw second.reason;
  if (first.status === 'rejected') throw first.reason;
  if (second.status === 'rejected') throw second.reason;
  if (second.value === undefined) throw new Error('a thread gave no facts');
  return second.value;
}

/** Reads in this thread; `wake` makes an end of what it waits for. */
async function readHere(
  shared: SharedArrayBuffer,
  request: LayerRequest,
  end: AbortSignal,
  wake: () => void,
): Promise<LayerFacts> {
  end.addEventListener('abort', wake);
  try {
    return await readUnpacked(shared, request, false);
  } finally {
    end.removeEventListener('abort', wake);
  }
}

/** True where the other half failed before. */
function follows(reason: unknown): boolean {
  return reason instanceof Follows || reason instanceof UnpackingFailed;
}
