// A bundle of its own (scripts/bundle.mjs): reads layers for layer-thread.ts, one after the other.
import { parentPort, workerData } from 'node:worker_threads';
import type { LayerFacts } from '../../facts/layer-facts.ts';
import { fileBlocks } from '../../oci/walk/walk-blocks.ts';
import { Abandoned, PlainWriter } from '../../oci/walk/walk-ring.ts';
import { type BlobSource, layerError, unpackLayer } from '../../oci/walk/walk-unpack.ts';
import {
  type FromLayerThread,
  type LayerJob,
  type LayerThreadData,
  sentError,
  type ToLayerThread,
} from './layer-messages.ts';
import type { LayerRequest } from './read-layer.ts';
import { takeTurn } from './window-turn.ts';

const port = parentPort;
const { turn, id } = workerData as LayerThreadData;
const onLargeWindow = (): void => {
  takeTurn(turn, id);
};
const tell = (message: FromLayerThread): void => port?.postMessage(message);

const waiting: (Uint8Array | undefined)[] = [];
let wake: (() => void) | undefined;

/** The blocks that are sent, until the end is. */
async function* sentBlocks(): AsyncIterable<Uint8Array> {
  for (;;) {
    while (waiting.length === 0)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    const block = waiting.shift();
    if (block === undefined) return;
    yield block;
    tell({ kind: 'taken' });
  }
}

function receive(block: Uint8Array | undefined): void {
  waiting.push(block);
  wake?.();
}

async function work(job: LayerJob): Promise<LayerFacts | undefined> {
  if (job.kind === 'unpack') {
    const { file } = job;
    const open = file === undefined ? sentBlocks : () => fileBlocks(file);
    await unpackInto(job.shared, job.request, open, onLargeWindow);
    return undefined;
  }
  // Most threads only unpack.
  const { readUnpacked } = await import('./read-layer.ts');
  return readUnpacked(job.shared, job.request, true);
}

port?.on('message', (message: ToLayerThread) => {
  switch (message.kind) {
    case 'block':
      receive(message.bytes);
      return;
    case 'end':
      receive(undefined);
      return;
    case 'unpack':
    case 'read-unpacked':
      work(message).then(
        (facts) => {
          tell({ kind: 'done', facts });
        },
        (error: unknown) => {
          tell({ kind: 'failed', error: sentError(error) });
        },
      );
  }
});

/**
 * Unpacks a layer for `readUnpacked` in another thread. Throws as that does, and Abandoned where
 * the other has failed. Who searches for secrets has more to do than who unpacks, and leaves the
 * diffID to it.
 */
async function unpackInto(
  shared: SharedArrayBuffer,
  { mediaType, digest, secrets }: LayerRequest,
  open: BlobSource['open'],
  onLargeWindow: () => void,
): Promise<void> {
  const source = { open, mediaType, expectedDigest: digest, hashesPlain: secrets, onLargeWindow };
  const writer = new PlainWriter(shared);
  try {
    writer.end(await unpackLayer(source, writer));
  } catch (error) {
    writer.fail();
    throw error instanceof Abandoned ? error : layerError(error, source);
  }
}
