import { open } from 'node:fs/promises';
import type { FileRange } from '../../model/walk.ts';

const READ_BYTES = 1024 * 1024;

/** A file range's bytes in 1 MiB blocks that reuse one memory. Throws where the file ends early. */
export async function* fileBlocks({ path, start, length }: FileRange): AsyncIterable<Uint8Array> {
  const file = await open(path);
  try {
    const block = new Uint8Array(Math.min(READ_BYTES, length));
    for (let at = 0; at < length;) {
      const wanted = Math.min(block.length, length - at);
      const { bytesRead } = await file.read(block, 0, wanted, start + at);
      if (bytesRead === 0) throw new Error(`${path} ends after ${start + at} bytes`);
      yield block.subarray(0, bytesRead);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/** Joins chunks into blocks of `size` bytes (the last is shorter), each in transferable memory. */
export async function* ownBlocks(
  chunks: AsyncIterable<Uint8Array>,
  size: number,
): AsyncIterable<Uint8Array<ArrayBuffer>> {
  let block = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of chunks)
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + size - filled);
      block.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < size) continue;
      yield block;
      block = new Uint8Array(size);
      filled = 0;
    }
  if (filled > 0) yield block.slice(0, filled);
}
