import { ownValue } from '../model/lookup.ts';

/** A person's answer to a change: this one, not this one, this and all after it, or no more. */
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
    const answer = ownValue(WORDS, word);
    if (answer !== undefined) return answer;
  }
}
