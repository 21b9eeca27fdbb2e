// A bundle of its own (scripts/bundle.mjs): reads layers for layer-thread.ts, one after the other.
import { parentPort } from 'node:worker_threads';
import { fileBlocks } from '../oci/walk-blocks.ts';
import { type FromLayerThread, sentError, type ToLayerThread } from './layer-messages.ts';
import { readLayer } from './read-layer.ts';

const port = parentPort;
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

port?.on('message', (message: ToLayerThread) => {
  switch (message.kind) {
    case 'block':
      receive(message.bytes);
      return;
    case 'end':
      receive(undefined);
      return;
    case 'read':
      readLayer(message.request, () =>
        message.file === undefined ? sentBlocks() : fileBlocks(message.file),
      ).then(
        (facts) => {
          tell({ kind: 'facts', facts });
        },
        (error: unknown) => {
          tell({ kind: 'failed', error: sentError(error) });
        },
      );
  }
});
