import type { IncomingMessage } from 'node:http';

const MIB = 1024 * 1024;
/** In bytes; git and npm send less. */
const LARGEST_BODY = 64 * MIB;
/** In bytes, of all requests of a build that are not answered yet. */
const MOST_HELD = 256 * MIB;
/** In bytes: what Node holds of a request beside its body, and of each piece of a body. */
const REQUEST_COST = 32 * 1024;
const CHUNK_COST = 512;

/** A request that is not answered yet. */
export interface HeldRequest {
  /** Its body, or why it is refused. The rest of a refused one is read and dropped. */
  readonly body: (message: IncomingMessage) => Promise<Buffer | string>;
  /** To be called once, when it is answered. */
  readonly release: () => void;
}

/**
 * Bounds the memory that the commands of a build can fill with requests: one bound for all
 * connections. `open` gives undefined where there is no room for another request.
 */
export class HeldRequests {
  #held = 0;

  open(): HeldRequest | undefined {
    let own = 0;
    const take = (bytes: number): boolean => {
      if (this.#held + bytes > MOST_HELD) return false;
      this.#held += bytes;
      own += bytes;
      return true;
    };
    const release = (): void => {
      this.#held -= own;
      own = 0;
    };
    if (!take(REQUEST_COST)) return undefined;
    return { release, body: (message) => bodyOf(message, take) };
  }
}

async function bodyOf(
  message: IncomingMessage,
  take: (bytes: number) => boolean,
): Promise<Buffer | string> {
  let chunks: Buffer[] = [];
  let size = 0;
  let refusal: string | undefined;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    if (refusal !== undefined) continue;
    size += chunk.length;
    if (size > LARGEST_BODY) refusal = `a request has more than ${LARGEST_BODY / MIB} MiB`;
    else if (!take(chunk.length + CHUNK_COST))
      refusal = `requests that were not answered yet had more than ${MOST_HELD / MIB} MiB`;
    else chunks.push(chunk);
    if (refusal !== undefined) chunks = [];
  }
  return refusal ?? Buffer.concat(chunks);
}
