const ENOUGH = 256 * 1024;

/** The same bytes in chunks of 256 KiB or more, except the last: small network chunks cost more. */
export async function* largeChunks(stream: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    if (held.length === 0 && chunk.length >= ENOUGH) {
      yield chunk;
      continue;
    }
    held.push(chunk);
    length += chunk.length;
    if (length < ENOUGH) continue;
    yield Buffer.concat(held, length);
    held = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(held, length);
}
