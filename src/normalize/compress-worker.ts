import { parentPort } from 'node:worker_threads';
import type { PieceJob } from './compressor.ts';
import { deflatePiece } from './deflate/deflate.ts';

// A bundle of its own (scripts/bundle.mjs): compresses the pieces that compressor.ts sends, in
// order.

const port = parentPort;
port?.on('message', (job: PieceJob) => {
  const bytes = deflatePiece(job.data, job.start);
  port.postMessage(bytes, [bytes.buffer]);
});
