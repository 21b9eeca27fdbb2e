import { parentPort, workerData } from 'node:worker_threads';
import { fileBlocks, type PlainSink, unpackLayer } from '../image/walk/unpack-layer.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import {
  type FromUnpackThread,
  SLOT_BYTES,
  Slots,
  type ToUnpackThread,
  type UnpackJob,
  type UnpackThreadData,
} from './unpack-thread.ts';

// A bundle of its own (scripts/bundle.mjs): unpacks layers for unpack-thread.ts, one at a time.

const tell = (message: FromUnpackThread): void => parentPort?.postMessage(message);
const data = workerData as UnpackThreadData;
const slots = new Slots(data.slots);
const sink: PlainSink = {
  start: (isHashed) => {
    tell({ kind: 'start', isHashed });
  },
  push: (chunk) => {
    for (let at = 0; at < chunk.length; at += SLOT_BYTES) {
      const part = chunk.subarray(at, at + SLOT_BYTES);
      slots.write(part);
      tell(part.length);
    }
  },
};

const waiting: (Uint8Array | undefined)[] = [];
let wake: (() => void) | undefined;

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

/** Waits for the turn to fill a large window; the turn ends with this thread. */
function onLargeWindow(): void {
  const holder = new Int32Array(data.turn);
  for (;;) {
    const found = Atomics.compareExchange(holder, 0, 0, data.id);
    if (found === 0 || found === data.id) return;
    Atomics.wait(holder, 0, found);
  }
}

async function unpack({ mediaType, digest, hashesPlain, file }: UnpackJob): Promise<void> {
  const open = file === undefined ? sentBlocks : () => fileBlocks(file);
  try {
    const unpacked = await unpackLayer(
      { open, mediaType, expectedDigest: digest, hashesPlain, onLargeWindow },
      sink,
    );
    tell({ kind: 'done', unpacked });
  } catch (error) {
    tell({ kind: 'failed', message: messageOf(error), isUser: error instanceof UserError });
  }
}

parentPort?.on('message', (message: ToUnpackThread) => {
  if (message.kind === 'unpack') void unpack(message);
  else {
    waiting.push(message.kind === 'block' ? message.bytes : undefined);
    wake?.();
  }
});
