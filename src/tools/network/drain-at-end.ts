import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** What undici keeps on a connection's socket: the parser of its answer. */
interface AnswerParser {
  readonly paused: boolean;
  resume(): void;
}

/**
 * Lets a server close its connection while we read slower than it sends. Up to undici 7, an end of
 * the connection that meets a parser paused by backpressure fails an assertion, outside of every
 * promise: the process dies, though the whole answer arrived. Here a paused parser takes in what
 * did arrive before undici sees the end. Needed for the fetch of Node.js too, until all have
 * undici 8.
 */
export function drainAtEnd(): void {
  unsubscribe(CONNECTED, watch);
  subscribe(CONNECTED, watch);
}

const CONNECTED = 'undici:client:connected';

function watch(message: unknown): void {
  const { socket } = message as { readonly socket: Socket };
  const drain = (): void => {
    const key = Object.getOwnPropertySymbols(socket).find((s) => s.description === 'parser');
    const parser: unknown = key === undefined ? undefined : Reflect.get(socket, key);
    // Each call takes in a piece, or unpauses; a parser that neither moves is left to undici.
    for (let left = MOST_PIECES; isParser(parser) && parser.paused && left > 0; left -= 1)
      parser.resume();
  };
  socket.prependListener('end', drain);
  socket.prependListener('close', drain);
}

/** What a socket keeps at the end is at most its high-water mark; pieces are of 16 KiB or more. */
const MOST_PIECES = 1024;

function isParser(value: unknown): value is AnswerParser {
  return (
    typeof value === 'object' &&
    value !== null &&
    'paused' in value &&
    typeof Reflect.get(value, 'resume') === 'function'
  );
}
