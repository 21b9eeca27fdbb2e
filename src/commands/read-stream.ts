import { messageOf, UserError } from '../model/errors.ts';

const LARGEST = 16 * 1024 * 1024;

/** All of a stream of at most 16 MiB; `name` is for the error where it is longer or cannot be read. */
export async function readStream(
  stream: AsyncIterable<Uint8Array>,
  name: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      size += chunk.length;
      if (size > LARGEST) throw new UserError(`${name} is larger than 16 MiB`);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(`${name} cannot be read: ${messageOf(cause)}`, { cause });
  }
  return Buffer.concat(chunks);
}
