import { Interrupted, UserError } from '../model/errors.ts';
import type { CommandIo } from './io.ts';

/** Longest line that is taken for an answer, in characters. */
const LONGEST = 4096;

/**
 * Reads what a person types, line by line; undefined once the input has ended. Throws Interrupted
 * where the command is stopped while it waits, and UserError for a line that nobody types.
 */
export function stdinLines({
  stdin,
  signal,
}: Pick<CommandIo, 'stdin' | 'signal'>): () => Promise<string | undefined> {
  const lines = linesOf(stdin);
  return async () => {
    const next = await untilAborted(lines.next(), signal);
    return next.done === true ? undefined : next.value.trim();
  };
}

async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<string, undefined> {
  let left = '';
  const decoder = new TextDecoder();
  for await (const chunk of input) {
    left += decoder.decode(chunk, { stream: true });
    for (let end = left.indexOf('\n'); end >= 0; end = left.indexOf('\n')) {
      yield left.slice(0, end);
      left = left.slice(end + 1);
    }
    if (left.length > LONGEST) throw new UserError('the answer is too long');
  }
  if (left !== '') yield left;
  return undefined;
}

async function untilAborted<T>(waiting: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, fail) => {
    stop = (): void => {
      fail(new Interrupted('interrupted'));
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([waiting, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
