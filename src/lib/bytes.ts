/** All bytes of a stream; undefined where there are more than `most`, and the rest is not read. */
export async function wholeStream(
  stream: AsyncIterable<Uint8Array>,
  most: number,
): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > most) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The body of an answer, which may have none. */
export async function* bodyOf({ body }: Response): AsyncIterable<Uint8Array> {
  yield* (body ?? []) as AsyncIterable<Uint8Array>;
}
