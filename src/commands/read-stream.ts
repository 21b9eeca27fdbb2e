import { messageOf, UserError } from '../model/errors.ts';
import { wholeStream } from '../model/whole-stream.ts';

const LARGEST = 16 * 1024 * 1024;

/** All of a stream of at most 16 MiB; `name` is for the error if it is longer or unreadable. */
export async function readStream(
  stream: AsyncIterable<Uint8Array>,
  name: string,
): Promise<Uint8Array> {
  const bytes = await wholeStream(stream, LARGEST).catch((cause: unknown) => {
    if (cause instanceof UserError) throw cause;
    throw new UserError(`${name} cannot be read: ${messageOf(cause)}`, { cause });
  });
  if (bytes === undefined) throw new UserError(`${name} is larger than 16 MiB`);
  return bytes;
}
