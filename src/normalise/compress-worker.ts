// A bundle of its own (scripts/bundle.mjs): compresses the pieces that compress-pool.ts sends, in
// order.
import { parentPort } from 'node:worker_threads';
import type { PieceJob } from './compress-pool.ts';
import { deflatePiece } from './deflate/deflate-piece.ts';

const port = parentPort;
port?.on('message', (job: PieceJob) => {
  const bytes = deflatePiece(job.data, job.start).slice();
  port.postMessage(bytes, [bytes.buffer]);
});
