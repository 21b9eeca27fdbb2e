import { TarReader } from '../tar/reader.ts';
import { TarError } from '../tar/tar-error.ts';

/**
 * The content of the `position`th entry (from 0) of an archive, which is read from its start and given up behind that
 * entry.
 */
export async function* entryContent(
  archive: AsyncIterable<Uint8Array>,
  position: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = -1;
  let found: Uint8Array[] = [];
  const reader = new TarReader({
    onEntry: () => {
      at++;
    },
    onContent: (chunk) => {
      if (at === position) found.push(chunk);
    },
    onEntryEnd: () => undefined,
  });
  for await (const chunk of archive) {
    reader.push(chunk);
    yield* found;
    found = [];
    if (at > position) return;
  }
}

/** The first `size` bytes of a stream, which is given up behind them. Throws TarError where it ends before. */
export async function* firstBytes(
  stream: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let left = size;
  if (left === 0) return;
  for await (const chunk of stream) {
    const bytes = chunk.subarray(0, left);
    left -= bytes.length;
    yield bytes;
    if (left === 0) return;
  }
  throw new TarError('a file is shorter than its header says');
}
