/** Longest line that is taken for an answer, in bytes. */
const LONGEST = 4096;

/** Reads the answers of a person, line by line; undefined once the input has ended. */
export function answers(stdin: AsyncIterable<Uint8Array>): () => Promise<string | undefined> {
  const chunks = stdin[Symbol.asyncIterator]();
  let waiting = '';
  let ended = false;
  return async () => {
    for (;;) {
      const end = waiting.indexOf('\n');
      if (end >= 0) {
        const line = waiting.slice(0, end);
        waiting = waiting.slice(end + 1);
        return line.trim();
      }
      if (ended || waiting.length > LONGEST) return undefined;
      const next = await chunks.next();
      if (next.done === true) {
        ended = true;
        const rest = waiting.trim();
        waiting = '';
        return rest === '' ? undefined : rest;
      }
      waiting += Buffer.from(next.value).toString('utf8');
    }
  };
}

/** What a person says to a change: this one, not this one, this and all that follow, none any more. */
export type Answer = 'yes' | 'no' | 'all' | 'quit';

const WORDS: Readonly<Record<string, Answer>> = {
  y: 'yes',
  yes: 'yes',
  n: 'no',
  no: 'no',
  a: 'all',
  all: 'all',
  q: 'quit',
  quit: 'quit',
};

/** Asks until the answer is one of y, n, a, q; the end of the input is q. */
export async function askAnswer(
  question: string,
  next: () => Promise<string | undefined>,
  write: (text: string) => void,
): Promise<Answer> {
  for (;;) {
    write(`${question} [y]es [n]o [a]ll [q]uit: `);
    const line = await next();
    if (line === undefined) {
      write('\n');
      return 'quit';
    }
    const word = line.toLowerCase();
    const answer = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
    if (answer !== undefined) return answer;
  }
}
